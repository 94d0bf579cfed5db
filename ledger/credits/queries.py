"""What accounts see of their credits and claims."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ledger.accounts import Account
from ledger.credits.available import Reserved, available
from ledger.credits.mirror_models import CreditHolding, MintedCredit, RetiredCredits
from ledger.credits.models import Credit, Retirement, Verification
from ledger.kernel.errors import NotFound
from ledger.kernel.units import Kg


@dataclass(frozen=True, slots=True)
class Balance:
    """What a holder has, and through what: the balance is the sum of what came less the sum of what went."""

    kg: Kg
    available_kg: Kg
    """The balance less what is on offer, and less what is on its way to the chain."""
    earned_kg: Kg
    purchased_kg: Kg
    sold_kg: Kg
    retired_kg: Kg

    @property
    def transferred_kg(self) -> int:
        """What others gave less what was given to others or burned to make good a reversal; often below zero."""
        moved = int(self.earned_kg) + int(self.purchased_kg) - int(self.sold_kg) - int(self.retired_kg)
        return int(self.kg) - moved


@dataclass(frozen=True, slots=True)
class VerificationView:
    """A verification as those see it who take part in it."""

    verification: Verification
    credit: Credit
    claimant: str
    """Public id."""
    verifier: str
    """Public id."""


async def balance(session: AsyncSession, chain_id: int, holder: bytes, reserved: Reserved) -> Balance:
    """What the holder has by the newest mirrored block, and what of it is not promised."""
    row = (
        await session.execute(
            select(
                CreditHolding.balance_kg,
                available(chain_id, holder, reserved),
                CreditHolding.earned_kg,
                CreditHolding.purchased_kg,
                CreditHolding.sold_kg,
                CreditHolding.retired_kg,
            ).where(CreditHolding.chain_id == chain_id, CreditHolding.holder == holder)
        )
    ).one_or_none()
    return Balance(*(Kg(kg) for kg in row or (0, 0, 0, 0, 0, 0)))


async def verification(session: AsyncSession, viewer: Account, verification_id: str) -> VerificationView:
    """The verification, for its claimant, its verifier and operators.

    Raises:
        NotFound: there is none, or it is none of the viewer's business.
    """
    claimant, verifier = aliased(Account), aliased(Account)
    row = (
        await session.execute(
            select(Verification, Credit, claimant.public_id, verifier.public_id)
            .join(Credit, Credit.credit_id == Verification.credit_id)
            .join(claimant, claimant.account_id == Verification.claimant_account_id)
            .join(verifier, verifier.account_id == Verification.verifier_account_id)
            .where(Verification.verification_id == verification_id)
        )
    ).one_or_none()
    if row is None or not _may_see(viewer, row[0]):
        raise NotFound(f"There is no verification {verification_id}.", verificationId=verification_id)
    return VerificationView(*row)


async def credited_kg(session: AsyncSession, chain_id: int, credit_id: str) -> Kg | None:
    """What the owner of an issued credit got: the credit less what the buffer kept. None before the chain issued it."""
    return (
        await session.execute(
            select(MintedCredit.kg).where(MintedCredit.chain_id == chain_id, MintedCredit.credit_id == credit_id)
        )
    ).scalar_one_or_none()


async def retired_at(session: AsyncSession, retirement_id: str) -> datetime | None:
    """The time of the block that retired the credits; None before one did."""
    return (
        await session.execute(
            select(RetiredCredits.block_time)
            .join(Retirement, Retirement.ref == RetiredCredits.ref)
            .where(Retirement.retirement_id == retirement_id)
        )
    ).scalar_one_or_none()


def _may_see(viewer: Account, seen: Verification) -> bool:
    return viewer.kind == "operator" or viewer.account_id in {seen.claimant_account_id, seen.verifier_account_id}
