"""Contracts that are mirrored beside the main ones, from their first block on, without stopping anything."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import AddableName
from ledger.chain.models import Chain, Deployment
from ledger.chain.rpc import Rpc, to_hex
from ledger.kernel.errors import Conflict, InvalidInput


async def add_contract(
    session: AsyncSession, rpc: Rpc, chain: Chain, *, name: AddableName, address: bytes, first_block: int
) -> None:
    """Enters a contract; the indexer notices at its next poll, and brings it up to where the chain is mirrored to.

    Raises:
        InvalidInput: nothing stands at the address, or the block is none of the chain's.
        Conflict: that address is mirrored already, or on its way.
    """
    if await rpc.call("eth_getCode", to_hex(address), "latest") == "0x":
        raise InvalidInput(
            f"There is no contract at {to_hex(address)} on chain {chain.chain_id}; check address and network.",
            chainId=chain.chain_id,
            address=to_hex(address),
        )
    if first_block < 0:
        raise InvalidInput("A chain's first block is 0.", fromBlock=first_block)
    entered = await session.scalars(
        insert(Deployment)
        .values(
            chain_id=chain.chain_id,
            address=address,
            name=name,
            is_main=False,
            block_number=first_block,
            next_block=first_block,
        )
        .on_conflict_do_nothing()
        .returning(Deployment.address)
    )
    if entered.one_or_none() is None:
        raise Conflict(
            f"{to_hex(address)} is mirrored already, or on its way; there is nothing to add.",
            chainId=chain.chain_id,
            address=to_hex(address),
        )
