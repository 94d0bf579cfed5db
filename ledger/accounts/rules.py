"""How keys are written, and what may be done with one."""

import re
import secrets
import string
from hashlib import sha256
from typing import Literal

Environment = Literal["live", "test", "dev"]
Access = Literal["sk", "pk"]
"""sk: a secret key, which may do all that its account may. pk: a publishable key, which only reads."""

SECRET_LENGTH = 24
HINT_SHOWS = 4  # characters of the secret that its owner sees again

_ALPHABET = string.ascii_letters + string.digits
_KEY = re.compile(rf"wccm_(live|test|dev)_(sk|pk)_[A-Za-z0-9]{{{SECRET_LENGTH}}}")


def new_key(environment: Environment, access: Access) -> str:
    """A key that nobody can guess: 24 characters of the system's randomness, 142 bits."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))
    return f"wccm_{environment}_{access}_{secret}"


def is_key(text: str) -> bool:
    """Whether the text is written as a key is."""
    return _KEY.fullmatch(text) is not None


def is_development_key(key: str) -> bool:
    """Whether the key was made for development, and so opens nothing in production."""
    return key.startswith("wccm_dev_")


def only_reads(key: str) -> bool:
    """Whether the key is a publishable one."""
    return key.split("_")[2] == "pk"


def key_hash(key: str) -> bytes:
    """What is stored of a key. A plain hash will do: the secret is random, not a password that could be tried."""
    return sha256(key.encode()).digest()


def hint(key: str) -> str:
    """The part of a key by which its owner tells it from others."""
    return key[: len(key) - SECRET_LENGTH + HINT_SHOWS]
