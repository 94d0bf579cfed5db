"""The API as one of its clients sees it: JSON over HTTP with a key, numbers kept exact."""

import json
from collections.abc import Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import aiohttp

BASE_PATH = "/carbon-credit-micro/v1"


class Refused(Exception):
    """The API answered with an error; its own words are the message."""


class Client:
    """One account's connection to the API."""

    def __init__(self, base: str, key: str) -> None:
        """Takes the server's address, e.g. http://127.0.0.1:8080, and the account's API key."""
        self._session = aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {key}"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """The answer of a read."""
        async with self._session.get(BASE_PATH + path, params=query) as response:
            return await _answer(response)

    async def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """The answer of a write; `key` makes a repetition of it harmless."""
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        data = json.dumps(body, default=_number)
        async with self._session.post(BASE_PATH + path, data=data, headers=headers) as response:
            return await _answer(response)

    async def download(self, path: str) -> bytes:
        """A file, by the path (or address) that an answer named."""
        async with self._session.get(path) as response:
            if response.status != 200:  # noqa: PLR2004  # HTTP's own number
                raise Refused(f"{path}: {response.status}")
            return await response.read()


def _number(value: object) -> float:
    """A Decimal as JSON writes it; the double nearest to it round-trips every amount that the API takes."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not sent")


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    text = await response.text()
    answer: dict[str, Any] = json.loads(text, parse_float=Decimal)
    if response.status >= 400:  # noqa: PLR2004  # HTTP's own number
        error = answer["error"]
        raise Refused(f"{response.method} {response.url.path}: {error['code']}: {error['message']}")
    return answer
