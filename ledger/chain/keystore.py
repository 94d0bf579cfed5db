"""Where custody's seed is kept: encrypted at rest, opened once at the start. Only whoever holds keys loads this."""

import asyncio
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.chain.custody import Custody, CustodyError
from ledger.kernel.files import write_private
from ledger.kernel.settings import Settings

SEED_BYTES = 64
SCRYPT_COST = 2**17
DEVELOPMENT_SCRYPT_COST = 2**12  # a development passphrase is random: there is nothing to guess slowly
SCRYPT_BLOCK = 8
KEYSTORE_FILE = "custody.json"
PASSPHRASE_FILE = "custody.development-passphrase"  # noqa: S105  # the name of a file


async def open_custody(settings: Settings) -> Custody:
    """Opens the keystore in the data folder, creating it at the first start.

    In development mode the passphrase is made up and kept beside it; production takes one from CCM_CUSTODY_PASSPHRASE
    and refuses a keystore whose passphrase lies next to it.

    Raises:
        CustodyError: no passphrase, a wrong one, or a development keystore in production.
    """
    kept = settings.data / PASSPHRASE_FILE
    if settings.mode == "production" and kept.exists():
        raise CustodyError(f"{kept} is for development only; production needs a data folder and a keystore of its own.")
    if settings.custody_passphrase is not None:
        passphrase, cost = settings.custody_passphrase.get_secret_value(), SCRYPT_COST
    elif settings.mode == "production":
        raise CustodyError("Set CCM_CUSTODY_PASSPHRASE: it unlocks the custody keystore.")
    else:
        passphrase, cost = _development_passphrase(kept), DEVELOPMENT_SCRYPT_COST
    return Custody(await asyncio.to_thread(_open_or_create, settings.data / KEYSTORE_FILE, passphrase, cost))


def _development_passphrase(kept: Path) -> str:
    if not kept.exists():
        write_private(kept, secrets.token_urlsafe(32))
    return kept.read_text()


def _open_or_create(keystore: Path, passphrase: str, cost: int) -> bytes:
    if not keystore.exists():
        seed = secrets.token_bytes(SEED_BYTES)
        write_private(keystore, json.dumps(_encrypt(seed, passphrase, cost), indent=2))
        return seed
    try:
        return _decrypt(json.loads(keystore.read_text()), passphrase)
    except InvalidTag:
        raise CustodyError(f"{keystore} does not open with this passphrase.") from None


def _encrypt(seed: bytes, passphrase: str, cost: int) -> dict[str, Any]:
    salt, nonce = os.urandom(32), os.urandom(12)
    key = _stretch(passphrase, salt, cost)
    return {
        "cipher": "aes-256-gcm",
        "kdf": "scrypt",
        "cost": cost,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
        "seed": AESGCM(key).encrypt(nonce, seed, None).hex(),
    }


def _decrypt(kept: dict[str, Any], passphrase: str) -> bytes:
    key = _stretch(passphrase, bytes.fromhex(kept["salt"]), kept["cost"])
    return AESGCM(key).decrypt(bytes.fromhex(kept["nonce"]), bytes.fromhex(kept["seed"]), None)


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=SCRYPT_BLOCK, p=1).derive(passphrase.encode())
