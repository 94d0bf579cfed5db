"""Whether the node's chain is the one that this database mirrors."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.models import Chain
from ledger.chain.network import unknown_network
from ledger.chain.rpc import Rpc, to_bytes, to_int
from ledger.kernel.errors import BlockchainUnavailable
from ledger.kernel.finality import Finality

DEVELOPMENT_CHAINS = frozenset({31_337, 1337})
"""Chain ids of the development nodes; TestDollar exists on no other chain."""


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What tells a chain from every other."""

    chain_id: int
    genesis_hash: bytes
    head: int

    @property
    def is_development(self) -> bool:
        """Whether its money and credits are worth nothing."""
        return self.chain_id in DEVELOPMENT_CHAINS


async def identify(rpc: Rpc) -> ChainIdentity:
    """Asks the node which chain it serves."""
    chain_id, genesis, head = await rpc.batch(
        [("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False)), ("eth_blockNumber", ())]
    )
    return ChainIdentity(to_int(chain_id), to_bytes(genesis["hash"]), to_int(head))


async def register_chain(
    session: AsyncSession, identity: ChainIdentity, *, network: str, finality: Finality, first_block: int | None = None
) -> Chain:
    """Enters the chain at the first start, mirrored from a block or else its present head on; later only compares.

    Raises:
        BlockchainUnavailable: the database belongs to another chain.
    """
    await session.execute(
        insert(Chain)
        .values(
            chain_id=identity.chain_id,
            network=network,
            genesis_hash=identity.genesis_hash,
            next_block=identity.head if first_block is None else first_block,
            finality=str(finality),
            confirmed_block=-1,
        )
        .on_conflict_do_nothing()
    )
    mirrored = await session.get_one(Chain, identity.chain_id)
    if mirrored.network != network:
        raise BlockchainUnavailable(
            f"Chain {identity.chain_id} is mirrored as {mirrored.network} already; point {network} at another chain.",
            chainId=identity.chain_id,
            network=network,
        )
    chain = await check_chain(session, identity, network=network)
    chain.finality = str(finality)
    return chain


async def check_chain(session: AsyncSession, identity: ChainIdentity, *, network: str) -> Chain:
    """The row of the network's chain.

    Raises:
        BlockchainUnavailable: the node serves another chain than the one that the row stands for, or there is none.
    """
    chain = await session.scalar(select(Chain).where(Chain.network == network))
    if chain is None:
        raise unknown_network(network)
    if (chain.chain_id, chain.genesis_hash) != (identity.chain_id, identity.genesis_hash):
        raise BlockchainUnavailable(
            f"The node serves another chain than the one this database mirrors as {network}. Point BLOCKCHAIN_RPC at "
            "that chain, bring its saved state back, or start with an empty database and an empty data folder.",
            network=network,
            expected={"chainId": chain.chain_id, "genesis": "0x" + chain.genesis_hash.hex()},
            found={"chainId": identity.chain_id, "genesis": "0x" + identity.genesis_hash.hex()},
        )
    return chain
