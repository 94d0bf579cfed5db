"""Delivery of signed transactions: sent, sent again until the chain has counted them, and their outcome kept."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.chain.custody import OPERATORS, Custody
from ledger.chain.failures import failure_at, revert_reason
from ledger.chain.models import Submission
from ledger.chain.rpc import Rpc, RpcError, to_hex, to_int
from ledger.chain.submissions import (
    fail_intents,
    forget,
    forget_receipts,
    lock_sender,
    pending,
    reverted,
    store_replacement,
    without_receipt,
)
from ledger.chain.transactions import current_fees
from ledger.db.session import Sessions
from ledger.kernel.faults import reach

RESEND_SECONDS = 1.0
STUCK_SECONDS = 30.0
STUCK_BLOCKS = 3
REORG_DEPTH = 256
RECEIPTS_AT_ONCE = 100

log = logging.getLogger(__name__)


class Head(NamedTuple):
    """The chain's newest block."""

    number: int
    hash: str


class Delivery:
    """Brings the stored transactions of all our senders to one chain. Safe to run twice at once, only wasteful.

    After a start, and after a reorg, transactions go out in the order in which they were stored, those of the next
    sender only once the chain has counted the ones before: a trade may stand on credits that another sender issued.
    Even an emptied chain is rebuilt like that, its contracts first.
    """

    def __init__(
        self, sessions: Sessions, rpc: Rpc, chain_id: int, custody: Custody, *, stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        self._sessions = sessions
        self._rpc = rpc
        self._chain_id = chain_id
        self._signers = {signer.address: signer for name in OPERATORS for signer in [custody.operator(name)]}
        self._stuck_seconds = stuck_seconds
        self._clock = asyncio.get_running_loop().time
        self._sent: dict[bytes, float] = {}
        """When each pending transaction was last sent, by hash; by the loop's clock."""
        self._first_sent: dict[bytes, tuple[float, int]] = {}
        """When each was first sent, and the head at that time."""
        self._head: Head | None = None
        """As the last pass saw it that was carried through."""
        self._in_order_until: int | None = None
        """The last submission that was pending when the order began to matter; None while it does not."""

    async def run_once(self) -> int:
        """One pass: takes back what a reorg undid, records receipts, sends what the node lacks.

        Returns:
            How much is left to do: transactions that the chain has still to count, and receipts still to be read.
        """
        head, reorged = await self._look_at_head()
        counts = await self._counts()
        async with self._sessions.begin() as session:
            if reorged:
                await forget_receipts(session, self._chain_id, head.number - REORG_DEPTH)
            unseen = await without_receipt(session, self._chain_id, counts, RECEIPTS_AT_ONCE)
            await self._record_receipts(session, unseen)
            await self._fail_reverted(session)
            waiting = await pending(session, self._chain_id, counts)
            undone = [row for row in waiting if row.block_number is not None]
            if undone:
                await forget(session, undone)
        if reorged or undone:
            self._begin_again(waiting)
        self._head = head  # only now: a pass that broke off before has taken nothing back
        await self._send(self._due(waiting), head.number)
        await self._replace_stuck(waiting, counts, head.number)
        more_unseen = len(unseen) == RECEIPTS_AT_ONCE
        return len(waiting) + more_unseen

    async def _look_at_head(self) -> tuple[Head, bool]:
        """The head, and whether blocks that were seen before are gone."""
        known = "0x0" if self._head is None else hex(self._head.number)
        latest, same = await self._rpc.batch(
            [("eth_getBlockByNumber", ("latest", False)), ("eth_getBlockByNumber", (known, False))]
        )
        reorged = self._head is None or same is None or same["hash"] != self._head.hash
        return Head(to_int(latest["number"]), latest["hash"]), reorged

    async def _counts(self) -> dict[bytes, int]:
        senders = list(self._signers)
        answers = await self._rpc.batch([("eth_getTransactionCount", (to_hex(sender), "latest")) for sender in senders])
        return {sender: to_int(answer) for sender, answer in zip(senders, answers, strict=True)}

    async def _record_receipts(self, session: AsyncSession, unseen: Sequence[Submission]) -> None:
        receipts = await self._rpc.batch(
            [("eth_getTransactionReceipt", (to_hex(row.transaction_hash),)) for row in unseen]
        )
        for row, receipt in zip(unseen, receipts, strict=True):
            if receipt is not None:
                self._record(row, receipt)
        if any(receipts):
            await session.flush()
            reach("before_receipt_recorded")

    def _record(self, row: Submission, receipt: dict[str, Any]) -> None:
        row.block_number = to_int(receipt["blockNumber"])
        row.succeeded = receipt["status"] == "0x1"
        self._sent.pop(row.transaction_hash, None)
        self._first_sent.pop(row.transaction_hash, None)

    async def _fail_reverted(self, session: AsyncSession) -> None:
        """Fails what waits for the effect of a reverted transaction, a rewind having opened it again or not."""
        for row in await reverted(session, self._chain_id):
            if row.block_number is None:
                raise AssertionError("a transaction's outcome is known by its receipt alone")
            reason = await revert_reason(self._rpc, row.transaction_hash)
            log.error("transaction %s (%s) was reverted: %s", to_hex(row.transaction_hash), row.purpose, reason)
            told = failure_at(
                reason, block_number=row.block_number, log_index=None, transaction_hash=row.transaction_hash
            )
            await fail_intents(session, row, told)

    def _begin_again(self, waiting: Sequence[Submission]) -> None:
        self._sent.clear()
        self._first_sent.clear()
        self._in_order_until = max((row.submission_id for row in waiting), default=None)

    def _due(self, waiting: Sequence[Submission]) -> list[Submission]:
        """What may be on its way now: all of it, or while the order matters what one sender has at its front."""
        until = self._in_order_until
        if until is None or not any(row.submission_id <= until for row in waiting):
            self._in_order_until = None
            return list(waiting)
        return list(takewhile(lambda row: row.sender == waiting[0].sender, waiting))

    async def _send(self, due: Sequence[Submission], head: int) -> None:
        now = self._clock()
        late = [row for row in due if now - self._sent.get(row.transaction_hash, -RESEND_SECONDS) >= RESEND_SECONDS]
        again = [row for row in late if row.transaction_hash in self._sent]
        known = await self._rpc.batch([("eth_getTransactionByHash", (to_hex(row.transaction_hash),)) for row in again])
        waits_at_node = {row.transaction_hash for row, found in zip(again, known, strict=True) if found is not None}
        sending = [row for row in late if row.transaction_hash not in waits_at_node]
        answers = await self._rpc.try_batch([("eth_sendRawTransaction", (to_hex(row.raw),)) for row in sending])
        for row, answer in zip(sending, answers, strict=True):
            if isinstance(answer, RpcError) and not _is_known(answer):
                log.warning("the node refuses %s of %s: %s", row.purpose, to_hex(row.sender), answer)
        for row in late:
            self._sent[row.transaction_hash] = now
            self._first_sent.setdefault(row.transaction_hash, (now, head))
        if sending:
            reach("after_raw_sent")

    async def _replace_stuck(self, waiting: Sequence[Submission], counts: dict[bytes, int], head: int) -> None:
        """Raises the fee of what should have been next for a while, though blocks were mined."""
        for row in waiting:
            since, at_head = self._first_sent.get(row.transaction_hash, (self._clock(), head))
            is_next = row.nonce == counts[row.sender]
            if not is_next or self._clock() - since < self._stuck_seconds or head - at_head < STUCK_BLOCKS:
                continue
            fees = await current_fees(self._rpc)
            async with self._sessions.begin() as session:
                await lock_sender(session, self._chain_id, row.sender)
                await store_replacement(session, self._signers[row.sender], row, fees)
            log.warning("%s of %s is stuck; its fee was raised", row.purpose, to_hex(row.sender))
            self._first_sent.pop(row.transaction_hash)


def _is_known(refusal: RpcError) -> bool:
    """Whether the node has the transaction, or its nonce, already."""
    return any(words in refusal.message.lower() for words in ("already", "nonce too low"))
