"""A credit on the chain: what a mirror tells of, and what a reorg takes back."""

from ledger.chain import Network, Relayer, Rpc, grant_verifier
from ledger.db.session import Sessions
from tests.support.chain import VERIFIER, queue_credits, until_done


async def issue_credits(
    sessions: Sessions, rpc: Rpc, network: Network, database_url: str, kilograms: dict[int, int]
) -> None:
    """Has credits issued, by the counter of each one's id its kilograms, to the first holder."""
    await grant_verifier(sessions, rpc, network, verifier=network.custody.holder(VERIFIER).address)
    async with sessions.begin() as session:
        await queue_credits(session, network, network.custody.holder(1).address, kilograms)
    await until_done(Relayer(sessions, rpc, network, database_url), sessions)
