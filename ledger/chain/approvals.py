"""The allowances that let the market move a holder's credits and dollars when an order of theirs is filled."""

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.abi import function_data
from ledger.chain.custody import Signer
from ledger.chain.intents import queue, relay_payload
from ledger.chain.models import Intent
from ledger.chain.network import Network
from ledger.chain.typed_data import FOREVER, Domain, Permit, approval_ref, permit_digest

PERMIT_GAS = 120_000


async def queue_approvals(session: AsyncSession, network: Network, *, account_id: int, holder: Signer) -> None:
    """Queues unlimited allowances of a fresh custody wallet to the market, signed by its key.

    The market moves only what an order that the holder signed allows.
    """
    for domain in (network.credit_domain, network.dollar_domain):
        permit = Permit(holder.address, network.contracts.market, FOREVER, nonce=0, deadline=FOREVER)
        await queue(
            session,
            Intent(
                chain_id=network.chain_id,
                kind="approve",
                ref=approval_ref(domain.contract, permit.owner, permit.spender),
                account_id=account_id,
                holder=holder.address,
                lane="relay",
                payload=relay_payload(domain.contract, _permit_data(holder, domain, permit), PERMIT_GAS),
            ),
        )


def _permit_data(holder: Signer, domain: Domain, permit: Permit) -> bytes:
    """Calldata of ERC-2612's permit, which is the same for both tokens."""
    signature = holder.sign(permit_digest(domain, permit))
    r, s, v = signature[:32], signature[32:64], signature[64]
    return function_data(
        "CarbonCredit", "permit", [permit.owner, permit.spender, permit.value, permit.deadline, v, r, s]
    )
