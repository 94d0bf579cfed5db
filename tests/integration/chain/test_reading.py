from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ledger.chain import Network, Relayer, Rpc, grant_verifier
from ledger.chain.reader import ChainReader
from ledger.chain.rpc import to_int
from ledger.db.session import Sessions
from ledger.reconcile.told import event_abi
from tests.support.chain import VERIFIER, batch_terms, queue_credits, queue_gifts, receiver, until_done


async def test_web3_reads_what_our_own_encoding_wrote(
    sessions: Sessions, rpc: Rpc, network: Network, relayer: Relayer
) -> None:
    holder, buffer = network.custody.holder(0).address, network.contracts.credit
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    async with sessions.begin() as session:
        await queue_credits(session, network, holder, {123: 1_000})
        await queue_gifts(session, network, [1])
    await until_done(relayer, sessions)

    head = to_int(await rpc.call("eth_blockNumber"))
    async with ChainReader(rpc.url, network.contracts) as reader:
        block = await reader.hash_at(head)
        assert block is not None
        holders = [[to_checksum_address(address)] for address in (holder, buffer)]
        assert await reader.calls("CarbonCredit", "balanceOf", holders, at=block) == [950, 50]
        assert await reader.call("CarbonCredit", "batchKg", batch_terms(network).batch_id, at=block) == (
            1_000,
            950,
            50,
            0,
            0,
            0,
        )
        assert await reader.call("TestDollar", "balanceOf", to_checksum_address(receiver(1)), at=block) == 1
        event = event_abi("CarbonCredit", "CreditMinted")
        logs = await reader.logs([network.contracts.credit], 0, head)
        (minted,) = [log for log in logs if log.topics[0] == keccak(text="CreditMinted(address,uint256,string)")]
        told = reader.decoded(event, minted)
        assert told == {"recipient": holder, "amount": 1_000 - 50, "creditId": "CRD-2025-000123"}
        assert minted in await reader.receipt_logs(minted.block_number)
