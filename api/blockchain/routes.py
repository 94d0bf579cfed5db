from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from api.blockchain.schemas import IntentStatus
from ledger.accounts import Account
from ledger.chain import Intent, answer_status
from ledger.kernel.errors import NotFound

LARGEST_ID = 2**53 - 1  # that every JSON reader holds exactly


class BlockchainController(Controller):
    """What the chain does for the caller."""

    path = "/blockchain"
    tags = ("blockchain",)

    @get("/intents/{intent_id:int}", summary="How far a write on the chain has come")
    async def intent_status(
        self,
        caller: NamedDependency[Account],
        session: NamedDependency[AsyncSession],
        intent_id: Annotated[int, PathParameter(ge=1, le=LARGEST_ID)],
    ) -> IntentStatus:
        """The state of one of the caller's own intents: where a pending answer's `statusUrl` leads."""
        intent = await session.get(Intent, intent_id)
        if intent is None or intent.account_id != caller.account_id:
            raise NotFound(f"There is no write {intent_id} of yours on the chain.", intentId=intent_id)
        return IntentStatus(
            intent_id=intent.intent_id,
            kind=intent.kind,
            status=answer_status(intent.status),
            blockchain_tx=None if intent.transaction_hash is None else f"0x{intent.transaction_hash.hex()}",
            block_number=intent.block_number,
            failure=None if intent.failure is None else intent.failure.get("message"),
        )
