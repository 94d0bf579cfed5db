"""The API as a client of the standard sees it, numbers exact."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

PREFIX = "/carbon-credit-micro/v1"


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    def must(self, *statuses: int) -> Any:
        """The JSON body, where the status is one of these."""
        assert self.status in statuses, f"{self.status}: {self.body[:400]!r}"
        return self.json


class Client:
    """One account's calls; a call that gets no answer raises httpx.TransportError."""

    def __init__(self, base: str, key: str = "", seconds: float = 30) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=base, headers=headers, timeout=seconds)

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Answer:
        return self._answer(self._http.get(self._path(path), params=query))

    def post(self, path: str, body: Mapping[str, Any] | bytes, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body, default=float).encode()
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self._answer(self._http.post(self._path(path), content=data, headers=sent))

    @staticmethod
    def _path(path: str) -> str:
        return path[1:] if path.startswith("//") else PREFIX + path

    @staticmethod
    def _answer(response: httpx.Response) -> Answer:
        return Answer(response.status_code, response.headers, response.content)
