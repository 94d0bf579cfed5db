"""What travels around every answer, and what the service says of itself."""

import asyncio
import json
import logging
import re

import aiohttp
import pytest

from ledger.db.session import create_engine, create_sessions
from tests.support.api import Served, listening

BASE = "/carbon-credit-micro/v1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", f"{BASE}/probe/me", 401), ("GET", f"{BASE}/no/such/thing", 404),
     ("DELETE", f"{BASE}/probe/open/tree", 405), ("GET", f"{BASE}/probe/crash", 500),
     ("GET", f"{BASE}/probe/open/tree?size=large", 400), ("GET", f"{BASE}/probe/open/a%00b", 400),
     ("GET", f"{BASE}/probe/open/tree?size=%00", 400), ("GET", "/nothing", 404), ("GET", "/schema/nothing", 404)],
)  # fmt: skip
async def test_every_answer_bears_the_clients_request_id(api: Served, method: str, path: str, status: int) -> None:
    headers = {"X-Request-ID": "req_of-mine"}
    async with aiohttp.ClientSession() as client, client.request(method, api.url + path, headers=headers) as answer:
        assert (answer.status, answer.headers["X-Request-ID"]) == (status, "req_of-mine")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content_type == "application/json"
        if status >= 400:
            assert (await answer.json())["error"]["requestId"] == "req_of-mine"


@pytest.mark.parametrize("sent", ["x" * 5000, "two words", "\t"])
async def test_an_id_that_could_not_be_logged_is_replaced(api: Served, sent: str) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{api.url}/health", headers={"X-Request-ID": sent}) as answer,
    ):
        assert re.fullmatch(r"req_[0-9a-f]{24}", answer.headers["X-Request-ID"])


async def test_our_own_mistake_is_logged_under_the_request_id_and_told_without_internals(
    api: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}{BASE}/probe/crash") as answer:
        text = await answer.text()
    assert "secret" not in text
    assert json.loads(text)["error"]["code"] == "INTERNAL_ERROR"
    assert f"request {answer.headers['X-Request-ID']} failed" in caplog.text
    assert "the secret is 42" in caplog.text


async def test_a_client_that_leaves_before_its_body_is_whole_is_no_failure_of_ours(
    api: Served, caplog: pytest.LogCaptureFixture
) -> None:
    _, key = await api.account()
    with caplog.at_level(logging.INFO, "ccm.api"):
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        head = f"POST {BASE}/probe/measure HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            records: list[logging.LogRecord] = []
            while not records:
                await asyncio.sleep(0.01)
                records = [each for each in caplog.records if each.name.startswith("ccm.api")]
    assert [(record.name, record.levelname) for record in records] == [("ccm.api.access", "INFO")]
    assert vars(records[0])["facts"]["status"] == 400


async def test_a_request_is_logged_by_its_pattern_never_by_what_it_names(
    api: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ccm.api.access"):
        async with aiohttp.ClientSession() as client, client.get(f"{api.url}{BASE}/probe/open/jane-doe") as answer:
            assert answer.status == 200
    (record,) = [each for each in caplog.records if each.name == "ccm.api.access"]
    facts = vars(record)["facts"]
    assert (facts["route"], facts["status"], facts["method"]) == (f"{BASE}/probe/open/{{word}}", 200, "GET")
    assert facts["requestId"] == answer.headers["X-Request-ID"]
    assert "jane" not in json.dumps([vars(each) for each in caplog.records], default=str)


@pytest.mark.parametrize("path", ["/health", f"{BASE}/probe/open/tree"])
async def test_head_is_get_without_the_body(api: Served, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""


async def test_options_and_wrong_methods_name_the_right_ones(api: Served) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.options(f"{api.url}{BASE}/probe/me") as answer:
            assert (answer.status, "GET" in answer.headers["Allow"]) == (204, True)
        async with client.get(f"{api.url}{BASE}/probe/measure") as answer:
            assert (answer.status, "POST" in answer.headers["Allow"]) == (405, True)
            assert (await answer.json())["error"]["code"] == "METHOD_NOT_ALLOWED"


async def test_the_allowance_falls_with_each_request_and_ends_in_429(api: Served) -> None:
    account, key = await api.account(tier="free")
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        async with client.get(f"{api.url}{BASE}/probe/me") as first:
            assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Window"]) == ("1000", "3600")
        async with client.post(f"{api.url}{BASE}/probe/measure", data=b"{") as second:
            assert int(second.headers["X-RateLimit-Remaining"]) == int(first.headers["X-RateLimit-Remaining"]) - 1
        for _ in range(998):
            api.services.limiter.take(account)
        async with client.get(f"{api.url}{BASE}/probe/me") as refused:
            error = (await refused.json())["error"]
    assert (refused.status, refused.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert (error["code"], error["limit"], error["window"]) == ("RATE_LIMIT_EXCEEDED", 1000, 3600)
    assert 0 < error["retryAfter"] <= 3600


async def test_readiness_tells_how_far_the_mirror_is(api: Served) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/ready") as answer:
        assert answer.status == 200
        body = await answer.json()
    (mirror,) = body["mirrors"]
    assert (body["status"], mirror["network"], mirror["blockNumber"]) == ("ready", "polygon", 0)


async def test_without_its_database_the_service_is_unready_and_says_so(api: Served) -> None:
    engine = create_engine("postgresql://nobody@127.0.0.1:9/nothing")
    gone = type(api.services)(api.services.settings, create_sessions(engine), api.services.network, api.services.watch)
    async with listening(gone) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        async with client.get("/health") as alive:
            assert alive.status == 200
        for path in ("/ready", f"{BASE}/probe/me"):
            async with client.get(path, headers={"X-API-Key": "wccm_dev_sk_" + "a" * 24}) as answer:
                error = (await answer.json())["error"]
            assert (answer.status, error["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert answer.headers["Retry-After"]
    await engine.dispose()


async def test_the_figures_bear_the_standards_names(api: Served) -> None:
    await api.account()
    api.services.metrics.emissions_tracked.labels("transportation").inc()
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/metrics") as answer:
        text = await answer.text()
        assert answer.headers["Content-Type"].count("charset") == 1
    assert 'ccm_emissions_tracked_total{category="transportation"} 1.0' in text
    assert 'ccm_credit_transaction_duration_seconds_bucket{le="0.1"}' in text
    assert int(re.findall(r"^ccm_active_users (\d+)\.0$", text, re.MULTILINE)[0]) >= 1


async def test_the_description_names_bodies_answers_and_refusals(api: Served) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/schema/openapi.json") as answer:
        document = json.loads(await answer.text())
    schemas = document["components"]["schemas"]
    measure = document["paths"][f"{BASE}/probe/measure"]["post"]
    assert schemas["MeasureBody"]["properties"]["co2Amount"]["oneOf"][0] == {"type": "number"}
    assert schemas["MeasureBody"]["required"] == ["category"]
    assert schemas["Measured"]["properties"]["measured"] == {"type": "number"}
    assert measure["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/MeasureBody")
    assert measure["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/Measured")
    assert measure["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert set(measure["responses"]) == {"201", "default"}
    assert document["paths"][f"{BASE}/probe/open/{{word}}"]["get"]["security"] == []
    assert "blockchainTx" in schemas["Given"]["properties"]


async def test_the_description_says_camel_case_everywhere_and_which_headers_a_write_heeds(api: Served) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/schema/openapi.json") as answer:
        document = json.loads(await answer.text())
    (intent,) = document["paths"][f"{BASE}/blockchain/intents/{{intentId}}"]["get"]["parameters"]
    assert (intent["name"], intent["in"], intent["required"]) == ("intentId", "path", True)
    operations = {each["operationId"]: each for item in document["paths"].values() for each in item.values()}
    assert "blockchainIntentStatus" in operations

    def headers(operation: str) -> list[str]:
        return [each["name"] for each in operations[operation].get("parameters", ()) if each["in"] == "header"]

    assert headers("measure") == ["Idempotency-Key"]
    assert headers("give") == ["Idempotency-Key", "Prefer"]
    assert headers("blockchainIntentStatus") == []
    assert document["paths"][f"{BASE}/probe/measure"]["post"]["description"].startswith("A write that ends")


async def test_the_page_loads_nothing_from_elsewhere(api: Served) -> None:
    async with aiohttp.ClientSession(api.url) as client:
        for path, kind in (
            ("/schema", "text/html"),
            ("/schema/schema.js", "text/javascript"),
            ("/schema/schema.css", "text/css"),
        ):
            async with client.get(path) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert "//" not in (await answer.text()).replace("// ", "").replace("\n//", "")
