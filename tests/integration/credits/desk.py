"""A claims desk: people who save, verifiers who decide, and the ledger's own commands, each in its own transaction."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from ledger.accounts import Account, Kind, create_account
from ledger.chain import Contracts, Custody, Intent, Network
from ledger.chain.models import Chain
from ledger.credits import (
    Claim,
    Credit,
    Decision,
    Earned,
    Evidence,
    EvidenceType,
    Issued,
    Submission,
    Verification,
    decide,
    earn,
    issue,
    submit,
)
from ledger.credits.models import CarriedFraction
from ledger.db.session import Sessions
from ledger.events.models import OutboxEvent
from ledger.kernel.units import Kg

CHAIN_ID = 31_337
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
CONTRACTS = Contracts(*(bytes([0xC0 + number]) * 20 for number in range(6)))


@dataclass
class Desk:
    """Acts on a database that mirrors a chain on which nothing has happened yet."""

    sessions: Sessions
    network: Network = field(default_factory=lambda: Network(CHAIN_ID, "polygon", CONTRACTS, Custody(bytes(64))))
    opened: int = 0

    async def open(self) -> "Desk":
        """The chain's row, as the deployment makes it."""
        async with self.sessions.begin() as session:
            session.add(
                Chain(chain_id=CHAIN_ID, network="polygon", genesis_hash=bytes(32), next_block=1, finality="depth:1")
            )
        return self

    async def account(self, kind: Kind = "person") -> Account:
        """An account with a custody wallet."""
        async with self.sessions.begin() as session:
            index, self.opened = self.opened, self.opened + 1
            return await create_account(
                session,
                kind=kind,
                tier="pro",
                home_network="polygon",
                moment=NOON,
                wallet=self.network.custody.holder(index).address,
                custody_index=index,
            )

    async def earn(self, claimant: Account, quantity: str, **fields: Any) -> Earned:
        """Claims a solar export, or what `fields` say."""
        claim: dict[str, Any] = {
            "source": "renewable_energy",
            "description": "Solar export",
            "quantity": Decimal(quantity),
            "occurred_at": datetime(2024, 6, 1, tzinfo=UTC),
            "proof": f"ipfs://Qm{uuid.uuid4().hex}",
        }
        async with self.sessions.begin() as session:
            return await earn(session, claimant, Claim(**claim | fields), NOON)

    async def submit(self, claimant: Account, credit: Credit, kind: EvidenceType = "iot_data") -> Verification:
        """Hands in one piece of evidence of this kind, the same for the same claim."""
        piece = Evidence(kind=kind, url="ipfs://Qm1", hash=credit.credit_id, taken_at=NOON)
        handed_in = Submission(credit_id=credit.credit_id, kg=credit.claimed_kg, evidence=[piece])
        async with self.sessions.begin() as session:
            return await submit(session, claimant, handed_in, NOON)

    async def decide(
        self, verifier: Account, verification: Verification, *, approved: bool = True, kg: int | None = None
    ) -> Verification:
        """A decision with a confidence of .95."""
        decision = Decision(
            approved=approved,
            confidence=Decimal("0.95"),
            kg=None if kg is None else Kg(kg),
            notes="Meter data checked.",
        )
        async with self.sessions.begin() as session:
            return await decide(session, verifier, verification.verification_id, decision, NOON)

    async def verified(self, claimant: Account, verifier: Account, quantity: str = "2000", **fields: Any) -> Credit:
        """A claim that was approved in full."""
        earned = await self.earn(claimant, quantity, **fields)
        await self.decide(verifier, await self.submit(claimant, earned.credit))
        return earned.credit

    async def issue(self, owner: Account, credit_id: str, network: str = "polygon") -> Issued:
        """Queues the issuance."""
        async with self.sessions.begin() as session:
            return await issue(session, self.network, owner, credit_id, network)

    async def carried_mg(self, account: Account) -> int:
        """What the account carries of its solar exports."""
        async with self.sessions() as session:
            carried = select(CarriedFraction.carried_mg).where(CarriedFraction.account_id == account.account_id)
            return (await session.execute(carried)).scalar_one()

    async def claims(self, account: Account) -> list[Credit]:
        """Everything that the account has claimed."""
        async with self.sessions() as session:
            mine = select(Credit).where(Credit.account_id == account.account_id).order_by(Credit.credit_id)
            return list(await session.scalars(mine))

    async def record_hash(self, credit_id: str) -> bytes | None:
        """The hash of the claim's decision."""
        async with self.sessions() as session:
            kept = select(Verification.record_hash).where(Verification.credit_id == credit_id)
            return (await session.execute(kept)).scalar_one()

    async def intents(self) -> list[Intent]:
        """What is queued for the chain."""
        async with self.sessions() as session:
            return list(await session.scalars(select(Intent).order_by(Intent.intent_id)))

    async def told(self, name: str) -> int:
        """How many events of this name were written."""
        async with self.sessions() as session:
            counted = select(func.count()).where(OutboxEvent.name == name)
            return (await session.execute(counted)).scalar_one()
