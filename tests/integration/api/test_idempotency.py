"""The same act twice has one effect, whatever the timing, and the chain's outcome is told truly."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from ledger.accounts import Account
from tests.support.api import Served

GOOD = {"category": "waste", "co2Amount": 5.2}
TX = b"\x5a" * 32


async def post(client: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(path, json=body, headers=sent) as answer:
        return answer.status, await answer.read()


async def until_queued(api: Served, account: Account) -> None:
    while not await api.intents(account):  # noqa: ASYNC110  # the API tells nobody but the relayer
        await asyncio.sleep(0.01)


async def test_the_same_key_again_is_answered_the_same_and_counts_once(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    first = await post(person, "probe/measure", GOOD, Idempotency_Key="a")
    assert first[0] == 201
    assert await post(person, "probe/measure", GOOD, Idempotency_Key="a") == first
    assert await api.effects(account) == 1


async def test_the_same_key_for_another_request_is_a_conflict(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    await post(person, "probe/measure", GOOD, Idempotency_Key="a")
    for path, body in (("probe/measure", GOOD | {"co2Amount": 6.3}), ("probe/unnumbered", GOOD)):
        status, text = await post(person, path, body, Idempotency_Key="a")
        assert (status, b"IDEMPOTENCY_KEY_REUSED" in text) == (409, True)
    assert await api.effects(account) == 1


async def test_a_key_in_eight_requests_at_once_has_one_effect(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    answers = await asyncio.gather(*(post(person, "probe/measure", GOOD, Idempotency_Key="a") for _ in range(8)))
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert await api.effects(account) == 1


async def test_different_keys_and_different_accounts_do_not_meet(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    other, key = await api.account()
    await post(person, "probe/measure", GOOD, Idempotency_Key="a")
    await post(person, "probe/measure", GOOD, Idempotency_Key="b")
    await post(person, "probe/measure", GOOD, Idempotency_Key="a", Authorization=f"Bearer {key}")
    await post(person, "probe/measure", GOOD)
    assert (await api.effects(account), await api.effects(other)) == (3, 1)


async def test_a_refused_write_leaves_nothing_and_its_key_is_free(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    for _ in range(2):
        status, text = await post(person, "probe/unnumbered", GOOD | {"category": "alchemy"}, Idempotency_Key="a")
        assert (status, b"1001" in text) == (400, True)
    assert await api.effects(account) == 0
    assert (await post(person, "probe/unnumbered", GOOD, Idempotency_Key="a"))[0] == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
async def test_a_key_that_is_none_is_refused(
    api: Served, account: Account, person: aiohttp.ClientSession, key: str
) -> None:
    assert (await post(person, "probe/measure", GOOD, Idempotency_Key=key))[0] == 400
    assert await api.effects(account) == 0


async def test_a_write_is_answered_as_soon_as_the_mirror_shows_it(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    answer = asyncio.create_task(post(person, "probe/give", {"ref": "x"}, Prefer="respond-async, wait=30"))
    await until_queued(api, account)
    await api.close_intents(account, status="confirmed", transaction_hash=TX, block_number=7)
    given = f'{{"status":"confirmed","blockchainTx":"0x{TX.hex()}","statusUrl":null,"ref":"x"}}'.encode()
    assert await asyncio.wait_for(answer, 5) == (201, given)


async def test_a_pending_write_says_where_to_ask_and_its_replay_is_confirmed_later(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    began = time.monotonic()
    async with person.post(
        "probe/give", json={"ref": "x"}, headers={"Prefer": "wait=0", "Idempotency-Key": "a"}
    ) as sent:
        pending = await sent.json()
    assert time.monotonic() - began < 1
    assert (sent.status, pending["status"], pending["blockchainTx"]) == (201, "pending", None)
    await api.close_intents(account, status="mined", transaction_hash=TX, block_number=7)
    async with person.get(f"{api.url}{pending['statusUrl']}") as asked:
        state = await asked.json()
    assert (state["status"], state["blockchainTx"], state["blockNumber"]) == ("pending", f"0x{TX.hex()}", 7)
    assert (
        b'"status":"pending"'
        in (await post(person, "probe/give", {"ref": "x"}, Prefer="wait=0", Idempotency_Key="a"))[1]
    )
    await api.close_intents(account, status="confirmed")
    confirmed = await post(person, "probe/give", {"ref": "x"}, Prefer="wait=0", Idempotency_Key="a")
    assert b'"status":"confirmed"' in confirmed[1]
    await api.close_intents(account, status="submitted")  # a reorg afterwards does not change what was answered
    assert await post(person, "probe/give", {"ref": "x"}, Prefer="wait=0", Idempotency_Key="a") == confirmed
    assert len(await api.intents(account)) == 1


async def test_what_the_chain_refused_is_told_each_time_it_is_asked(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    await post(person, "probe/give", {"ref": "x"}, Prefer="wait=0", Idempotency_Key="a")
    failure = {"code": "ExpiredAuthorization", "message": "the authorisation has expired", "facts": {"validBefore": 1}}
    await api.close_intents(account, status="failed", failure=failure)
    for _ in range(2):
        async with person.post("probe/give", json={"ref": "x"}, headers={"Idempotency-Key": "a"}) as answer:
            error = (await answer.json())["error"]
        assert (answer.status, error["code"], error["number"]) == (502, "TRANSACTION_FAILED", 4002)
        assert error["details"] == {"reason": "ExpiredAuthorization", "facts": {"validBefore": 1}}
    assert len(await api.intents(account)) == 1


async def test_eight_chain_writes_at_once_under_one_key_make_one_intent(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    calls = (post(person, "probe/give", {"ref": "x"}, Prefer="wait=0", Idempotency_Key="a") for _ in range(8))
    answers = await asyncio.gather(*calls)
    assert len(set(answers)) == 1
    assert len(await api.intents(account)) == 1


async def test_nobody_sees_another_accounts_writes(
    api: Served, account: Account, person: aiohttp.ClientSession
) -> None:
    await post(person, "probe/give", {"ref": "x"}, Prefer="wait=0")
    intents = await api.intents(account)
    _, key = await api.account()
    for number in (*intents, 999_999):
        async with person.get(f"blockchain/intents/{number}", headers={"Authorization": f"Bearer {key}"}) as answer:
            assert (answer.status, (await answer.json())["error"]["number"]) == (404, None)
    assert len(intents) == 1
