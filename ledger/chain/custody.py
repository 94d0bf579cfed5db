"""Keys held for users without a wallet, and the service's own: one seed, many derived keys."""

from functools import lru_cache
from typing import Literal, Protocol, get_args

import coincurve
from eth_utils.crypto import keccak

from ledger.kernel.errors import CcmError

OperatorName = Literal["deployer", "relayer", "issuer", "anchor", "matcher", "guardian"]
OPERATORS: tuple[OperatorName, ...] = get_args(OperatorName)


class CustodyError(CcmError):
    """The keystore cannot be opened, must not be, or is not the one that the chain's senders came from."""

    code = "CUSTODY_UNAVAILABLE"


class Signer(Protocol):
    """A key that signs. Where it is kept is its own affair."""

    @property
    def address(self) -> bytes:
        """The account that the key controls, 20 bytes."""

    def sign(self, digest: bytes) -> bytes:
        """Signs a 32-byte digest: r, s and v (27 or 28), 65 bytes, s in the lower half."""


class LocalSigner:
    """A key in this process's memory."""

    def __init__(self, private_key: bytes) -> None:
        self._key = coincurve.PrivateKey(private_key)
        self._address = keccak(self._key.public_key.format(compressed=False)[1:])[-20:]

    @property
    def address(self) -> bytes:
        """The account that the key controls, 20 bytes."""
        return self._address

    def sign(self, digest: bytes) -> bytes:
        """Signs a 32-byte digest: r, s and v (27 or 28), 65 bytes, s in the lower half."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


class Custody:
    """All keys that come from one seed, along BIP-44 paths: account 0 for holders, account 1 for the service's own."""

    def __init__(self, seed: bytes) -> None:
        from eth_account.hdaccount import key_from_seed  # noqa: PLC0415  # half a second, which only key holders pay

        self._derived = lru_cache(maxsize=4096)(lambda path: LocalSigner(key_from_seed(seed, path)))

    def holder(self, index: int) -> Signer:
        """The key of the account with this custody index."""
        return self._derived(f"m/44'/60'/0'/0/{index}")

    def operator(self, name: OperatorName) -> Signer:
        """A key that the service itself acts with."""
        return self._derived(f"m/44'/60'/1'/0/{OPERATORS.index(name)}")  # so a new one joins them at the end
