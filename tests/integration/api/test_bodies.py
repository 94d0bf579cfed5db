"""Bad bodies are refused in the standard's words and leave nothing; good ones are answered to the last digit."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from ledger.accounts import Account
from tests.support.api import Served

BASE = "/carbon-credit-micro/v1"
GOOD = b'{"category": "waste", "co2Amount": 5.2}'
JSON = {"Content-Type": "application/json"}


async def refusal(client: aiohttp.ClientSession, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    async with client.post(path, data=body, headers=JSON | headers) as answer:
        return answer.status, (await answer.json())["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"5", b"null", b"[]", GOOD[:-5], GOOD * 2, GOOD.replace(b"5.2", b"NaN"), GOOD.replace(b"5.2", b"1e400"),
     GOOD.replace(b"5.2", b"-Infinity"), GOOD.replace(b"5.2", b'"5.2"'), GOOD.replace(b"5.2", b"true"),
     GOOD.replace(b"waste", b"wa\xffste"), GOOD.replace(b"waste", b"wa\\u0000ste"), b"[" * 100_000,
     b'{"category": "waste"}', b'{"category": "waste", "distnace": 25}', b'{"co2Amount": 5.2}',
     GOOD[:-1] + b', "description": "' + b"x" * 1_000_000 + b'"}'],
    ids=lambda body: repr(body[:40]),
)  # fmt: skip
async def test_a_bad_body_is_refused_with_its_routes_number_and_leaves_nothing(
    api: Served, account: Account, person: aiohttp.ClientSession, body: bytes
) -> None:
    status, error = await refusal(person, "probe/measure", body)
    assert (status, error["code"], error["number"]) == (400, "INVALID_EMISSION_DATA", 1001)
    assert error["message"]
    assert error["requestId"].startswith("req_")
    status, error = await refusal(person, "probe/unnumbered", body)
    assert status in {400, 413}
    assert error["number"] is None
    assert await api.effects(account) == 0


async def test_the_names_of_a_misspelt_field_are_told(person: aiohttp.ClientSession) -> None:
    _, error = await refusal(person, "probe/measure", b'{"category": "waste", "distnace": 25}')
    assert "did you mean distance by distnace?" in error["message"]
    _, error = await refusal(person, "probe/measure", b'{"catgeory": "waste", "distance": 25}')
    assert error["details"]["fields"] == [
        {"field": "category", "reason": "is missing; did you mean category by catgeory?"}
    ]


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
async def test_a_body_of_another_type_is_refused(
    api: Served, account: Account, person: aiohttp.ClientSession, media_type: str
) -> None:
    for body in (b"category=waste&co2Amount=5.2", GOOD):
        status, error = await refusal(person, "probe/measure", body, **{"Content-Type": media_type})
        assert (status, error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await api.effects(account) == 0


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/ld+json", "APPLICATION/JSON"])
async def test_every_spelling_of_json_is_taken(person: aiohttp.ClientSession, media_type: str) -> None:
    async with person.post("probe/measure", data=GOOD, headers={"Content-Type": media_type}) as answer:
        assert answer.status == 201


@pytest.mark.parametrize(
    ("sent", "answered"),
    [("25.50", "25.5"), ("1e3", "1000"), ("0.001", "0.001"), ("0.30000000000000004", "0.30000000000000004"),
     ("1E-9", "0.000000001"), ("123456789012.123456", "123456789012.123456"), ("-0.0", "0")],
)  # fmt: skip
async def test_a_number_comes_back_as_it_was_sent(person: aiohttp.ClientSession, sent: str, answered: str) -> None:
    body = GOOD.replace(b"5.2", sent.encode())
    async with person.post("probe/measure", data=body, headers=JSON) as answer:
        text = await answer.text()
    assert text.startswith(f'{{"measured":{answered},"recordedAt":"')
    assert text.endswith('Z"}')


@pytest.mark.parametrize("length", [b"Content-Length: 20000000\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_20_megabytes_are_refused_at_once_and_the_connection_lives_on(api: Served, length: bytes) -> None:
    _, key = await api.account()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"Host: x\r\nAuthorization: Bearer {key}\r\n".encode() + b"Content-Type: application/json\r\n"
    writer.write(b"POST " + BASE.encode() + b"/probe/measure HTTP/1.1\r\n" + head + length + b"\r\n")
    piece = b"x" * 100_000
    chunked = b"chunked" in length
    for _ in range(200):  # a client that sends all it has before it listens
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        await writer.drain()
    if chunked:
        writer.write(b"0\r\n\r\n")
    status, body = await read_answer(reader)
    assert (status, json.loads(body)["error"]["number"]) == (400, 1001)
    writer.write(b"GET " + BASE.encode() + b"/probe/me HTTP/1.1\r\n" + head + b"\r\n")
    status, body = await read_answer(reader)
    assert (status, list(json.loads(body))) == (200, ["userId"])
    writer.close()
    await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in head if line.startswith("content-length:"))
    return int(head[0].split()[1]), await reader.readexactly(length)
