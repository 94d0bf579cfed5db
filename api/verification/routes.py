from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import only
from api.requests import bad_body
from api.services import Services
from api.verification.schemas import DecisionRequest, SubmitRequest, VerificationAnswer
from api.writes import Writer
from ledger import credits
from ledger.accounts import Account
from ledger.credits import InvalidClaim

SUBMIT = bad_body(InvalidClaim)
DECIDE = bad_body(InvalidClaim) | only("verifier")


class VerificationController(Controller):
    """Claims before their verifiers."""

    path = "/verification"
    tags = ("verification",)

    @post("/submit", opt=SUBMIT, summary="Hand a claim's evidence to its verifier")
    async def submit(
        self,
        data: JSONBody[SubmitRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[VerificationAnswer]:
        """Once for each claim; the same submission again is answered with the first one."""

        async def command(session: AsyncSession) -> VerificationAnswer:
            submitted = await credits.submit(session, caller, data.submission(), services.clock())
            return await _shown(session, caller, submitted.verification_id)

        return await writer.perform(command, VerificationAnswer)

    @get("/{verification_id:str}", summary="How a claim's verification stands")
    async def status(
        self, verification_id: FromPath[str], caller: NamedDependency[Account], session: NamedDependency[AsyncSession]
    ) -> VerificationAnswer:
        """For the claimant, the assigned verifier and operators; to anybody else there is none."""
        return await _shown(session, caller, verification_id)

    @post("/{verification_id:str}/decision", opt=DECIDE, summary="Decide a claim")
    async def decide(
        self,
        verification_id: FromPath[str],
        data: JSONBody[DecisionRequest],
        caller: NamedDependency[Account],
        services: NamedDependency[Services],
        writer: NamedDependency[Writer],
    ) -> Response[VerificationAnswer]:
        """The assigned verifier approves the claim, in full or in part, or rejects it; once."""

        async def command(session: AsyncSession) -> VerificationAnswer:
            await credits.decide(session, caller, verification_id, data.conclusion(), services.clock())
            return await _shown(session, caller, verification_id)

        return await writer.perform(command, VerificationAnswer)


async def _shown(session: AsyncSession, viewer: Account, verification_id: str) -> VerificationAnswer:
    return VerificationAnswer.of(await credits.verification(session, viewer, verification_id))
