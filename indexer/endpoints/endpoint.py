"""One node behind one URL."""

from collections.abc import Sequence

import aiohttp
import msgspec

from ledger.chain.rpc import Call, Rpc, RpcError, request
from ledger.kernel.errors import BlockchainUnavailable


class _Fault(msgspec.Struct):
    code: int
    message: str


class _Answer(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Fault | None = None


_DECODER = msgspec.json.Decoder(list[_Answer] | _Answer)


class Endpoint:
    """A node that answers batches of calls."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def ask(self, calls: Sequence[Call]) -> list[msgspec.Raw]:
        """The results of these calls in their order, each as the JSON that came.

        Raises:
            RpcError: the node refused one of them.
            BlockchainUnavailable: it cannot be reached, or answers nonsense.
        """
        try:
            reply = await self._rpc.exchange([request(number, *call) for number, call in enumerate(calls)])
            answers = _DECODER.decode(reply.body)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
            raise BlockchainUnavailable(
                f"The endpoint does not answer ({str(error) or type(error).__name__})."
            ) from error
        if isinstance(answers, _Answer):
            raise BlockchainUnavailable("The endpoint does not answer batches.")
        by_number = {answer.id: answer for answer in answers}
        if by_number.keys() != set(range(len(calls))):
            raise BlockchainUnavailable("The endpoint left calls of a batch unanswered.")
        ordered = [by_number[number] for number in range(len(calls))]
        for answer in ordered:
            if answer.error is not None:
                raise RpcError(answer.error.code, answer.error.message)
        return [answer.result for answer in ordered]
