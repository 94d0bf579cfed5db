"""Public ids as the standard writes them: a prefix, the year, a counter that may grow past its width."""

import re
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class IdShape:
    """How one kind of id is written."""

    prefix: str
    width: int


class IdKind(Enum):
    """The ids that this system hands out. Each has a database sequence of its own, `id_<name>`."""

    ACTIVITY = IdShape("ACT", 4)
    CREDIT = IdShape("CRD", 6)
    VERIFICATION = IdShape("VER", 4)
    LISTING = IdShape("LST", 4)
    PURCHASE = IdShape("PUR", 4)
    RETIREMENT = IdShape("RET", 4)
    USER = IdShape("USER", 3)
    COMPANY = IdShape("CORP", 3)

    @property
    def sequence(self) -> str:
        """The name of the sequence that counts them."""
        return f"id_{self.name.lower()}"

    def text(self, year: int, counter: int) -> str:
        """The id in its public form, e.g. CRD-2025-000123."""
        return f"{self.value.prefix}-{year:04d}-{counter:0{self.value.width}d}"


VERIFIER_SEQUENCE = "id_verifier"
YEAR_SHIFT = 40  # a credit id on chain: the year in the high bits, the counter in the low forty

_CREDIT = re.compile(r"CRD-(\d{4})-(\d{6,})")


def verifier_id(counter: int) -> str:
    """A verifier's public id, e.g. WIA-Verifier-001."""
    return f"WIA-Verifier-{counter:03d}"


def credit_number(credit_id: str) -> int:
    """The number that stands for a credit id on chain.

    Raises:
        ValueError: the text is no credit id.
    """
    match = _CREDIT.fullmatch(credit_id)
    if match is None:
        raise ValueError(f"{credit_id!r} is not written CRD-YYYY-NNNNNN")
    return int(match[1]) << YEAR_SHIFT | int(match[2])


def token_id(credit_id: str) -> str:
    """The standard's token id of an issued credit, CCM-YYYY-NNNN: the credit's own year and counter."""
    number = credit_number(credit_id)
    return f"CCM-{number >> YEAR_SHIFT:04d}-{number & (1 << YEAR_SHIFT) - 1:04d}"
