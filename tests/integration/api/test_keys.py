"""Who may call what, with which key."""

import base64
import json

import aiohttp
import pytest
from sqlalchemy import select

from ledger.accounts import Kind, issue_api_key, revoke_api_key
from ledger.accounts.models import ApiKey
from ledger.accounts.rules import hint
from ledger.events.models import OutboxEvent
from ledger.kernel.clock import now
from ledger.kernel.errors import NotFound
from ledger.kernel.settings import Settings
from tests.support.api import Served, served

BASE = "/carbon-credit-micro/v1"


def token(algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, {"sub": "USER-2025-001", "exp": 4102444800})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + ".x"


async def call(api: Served, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, object]]:
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{api.url}{BASE}{path}", headers=headers) as answer,
    ):
        body = await answer.json()
        return answer.status, body.get("error", body)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer secret"}, {"Authorization": "Basic dXNlcjpwYXNz"},
     {"Authorization": "Bearer wccm_live_sk_" + "A1b2C3d4E5f6" * 2}, {"Authorization": f"Bearer {token('none')}"},
     {"Authorization": f"Bearer {token('HS256')}"}, {"X-API-Key": ""}, {"X-API-Key": "wccm_live_sk_" + "x" * 24}],
    ids=str,
)  # fmt: skip
async def test_without_a_known_key_nothing_is_answered(api: Served, headers: dict[str, str]) -> None:
    status, error = await call(api, "/probe/me", **headers)
    assert (status, error["code"], error["number"]) == (401, "INVALID_API_KEY", 5001)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_key_opens_its_account_in_either_header(api: Served, header: str) -> None:
    account, key = await api.account()
    value = f"Bearer {key}" if header == "Authorization" else key
    assert await call(api, "/probe/me", **{header: value}) == (200, {"userId": account.public_id})


async def test_a_revoked_key_is_told_so_and_the_others_go_on(api: Served) -> None:
    account, key = await api.account()
    async with api.services.sessions() as session, session.begin():
        other = await issue_api_key(session, account, environment="live")
        await revoke_api_key(session, account, key_hint=hint(key), moment=now())
        with pytest.raises(NotFound):
            await revoke_api_key(session, account, key_hint=hint(key), moment=now())
    status, error = await call(api, "/probe/me", Authorization=f"Bearer {key}")
    assert (status, error["number"]) == (401, 5002)
    assert (await call(api, "/probe/me", Authorization=f"Bearer {other}"))[0] == 200


async def test_a_development_key_opens_nothing_in_production(database_url: str) -> None:
    async with served(database_url, Settings(mode="production")) as api:
        account, key = await api.account()
        async with api.services.sessions() as session, session.begin():
            live = await issue_api_key(session, account, environment="live")
        assert (await call(api, "/probe/me", Authorization=f"Bearer {key}"))[0] == 401
        assert (await call(api, "/probe/me", Authorization=f"Bearer {live}"))[0] == 200


async def test_a_publishable_key_only_reads(api: Served) -> None:
    _, key = await api.account(access="pk")
    assert (await call(api, "/probe/me", Authorization=f"Bearer {key}"))[0] == 200
    status, error = await call(api, "/probe/measure", "POST", Authorization=f"Bearer {key}")
    assert (status, error["number"]) == (403, 5003)


@pytest.mark.parametrize(("kind", "status"), [("person", 403), ("company", 403), ("verifier", 200), ("operator", 200)])
async def test_a_route_for_verifiers_refuses_others(api: Served, kind: Kind, status: int) -> None:
    _, key = await api.account(kind)
    answered, body = await call(api, "/probe/verifiers", Authorization=f"Bearer {key}")
    assert answered == status
    if status == 403:
        assert body["number"] == 5003


async def test_a_public_route_needs_no_key(api: Served) -> None:
    assert await call(api, "/probe/open/tree") == (200, {"word": "tree", "size": 1})


async def test_no_key_is_kept_in_the_clear_and_each_account_is_told_of_once(api: Served) -> None:
    account, key = await api.account("company")
    async with api.services.sessions() as session:
        own_key = select(ApiKey).where(ApiKey.account_id == account.account_id)
        kept = (await session.execute(own_key)).scalar_one()
        own_event = select(OutboxEvent).where(OutboxEvent.aggregate == account.public_id)
        told = (await session.execute(own_event)).scalar_one()
    assert key[-20:] not in f"{kept.key_hash!r}{kept.hint}"
    assert (told.name, told.data) == ("user.registered", {"userId": account.public_id, "kind": "company"})
    assert account.public_id.startswith("CORP-")
