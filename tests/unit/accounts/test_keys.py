import re
from hashlib import sha256
from itertools import product

import pytest

from ledger.accounts import Access, Environment
from ledger.accounts.rules import hint, is_development_key, is_key, key_hash, new_key, only_reads

ENVIRONMENTS: tuple[Environment, ...] = ("live", "test", "dev")
ACCESSES: tuple[Access, ...] = ("sk", "pk")


@pytest.mark.parametrize(("environment", "access"), list(product(ENVIRONMENTS, ACCESSES)))
def test_a_key_is_written_as_the_standard_writes_it(environment: Environment, access: Access) -> None:
    key = new_key(environment, access)
    assert re.fullmatch(rf"wccm_{environment}_{access}_[A-Za-z0-9]{{24}}", key)
    assert is_key(key)
    assert is_development_key(key) == (environment == "dev")
    assert only_reads(key) == (access == "pk")
    assert new_key(environment, access) != key


def test_only_a_hash_and_a_hint_are_kept_of_a_key() -> None:
    key = "wccm_live_sk_" + "A1b2C3d4E5f6" * 2
    assert key_hash(key) == sha256(key.encode()).digest()
    assert hint(key) == "wccm_live_sk_A1b2"


@pytest.mark.parametrize(
    "text",
    ["", "secret", "wccm_live_sk_" + "a" * 23, "wccm_live_sk_" + "a" * 25, "wccm_prod_sk_" + "a" * 24,
     "wccm_live_xk_" + "a" * 24, "wccm_live_sk_" + "ä" * 24, "wccm_live_sk_" + "a" * 24 + "\n"],
)  # fmt: skip
def test_anything_else_is_no_key(text: str) -> None:
    assert not is_key(text)
