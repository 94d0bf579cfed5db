from datetime import UTC, datetime, timedelta

import pytest

from api.limits import Limiter
from ledger.accounts import Account

NOON = datetime(2025, 1, 15, 12, 0, 30, tzinfo=UTC)


def account(number: int, tier: str) -> Account:
    return Account(
        account_id=number, public_id=f"USER-2025-{number:03d}", kind="person", tier=tier, home_network="polygon"
    )


@pytest.mark.parametrize(("tier", "limit"), [("free", 1_000), ("basic", 10_000), ("pro", 100_000)])
def test_each_tier_has_the_standards_number_of_requests_an_hour(tier: str, limit: int) -> None:
    allowance = Limiter(lambda: NOON).take(account(1, tier))
    assert allowance is not None
    assert (allowance.limit, allowance.remaining, allowance.retry_after) == (limit, limit - 1, 3570)
    assert allowance.reset == int(NOON.replace(hour=13, second=0).timestamp())


def test_an_enterprise_has_no_limit() -> None:
    assert Limiter(lambda: NOON).take(account(1, "enterprise")) is None


def test_accounts_do_not_use_up_each_others_requests_and_the_next_hour_begins_anew() -> None:
    moment = NOON
    limiter = Limiter(lambda: moment)
    free = account(1, "free")
    used = [limiter.take(free) for _ in range(1_001)]
    assert [each.remaining for each in used if each][-2:] == [0, -1]
    other = limiter.take(account(2, "free"))
    assert other is not None
    assert other.remaining == 999
    moment = NOON + timedelta(hours=1)
    later = limiter.take(free)
    assert later is not None
    assert later.remaining == 999
