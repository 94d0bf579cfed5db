"""A certificate as a page that a person can read and print. The same certificate is the same bytes every time."""

import asyncio
import io
import json
from datetime import UTC
from importlib.resources import files
from typing import Any, Literal

from ledger.chain.rpc import to_hex
from ledger.credits.certificate import BatchShare, Certificate
from ledger.credits.rules import UNKNOWN_COUNTRY
from ledger.kernel.units import Kg

LEVELS = {1: "automatic", 2: "device", 3: "third party", 4: "audit"}
NOT_STATED = "not stated"
INK = "#1c2a24"
THIN_SPACE = "\N{THIN SPACE}"

NAME_EXPLAINED = (
    "The chain holds no name but a commitment to it; nonce and salt let anybody check the name above against it. "
)
CHECK_EXPLAINED = "Look the transaction up on any node of the network. This certificate is published at"


async def certificate_pdf(certificate: Certificate, url: str) -> bytes:
    """The certificate as PDF. `url` is its public address, which the QR code holds."""
    return await asyncio.to_thread(render, certificate, url)


def render(certificate: Certificate, url: str, form: Literal["pdf", "svg"] = "pdf") -> bytes:
    """The certificate in the given form; typst takes about ten milliseconds for a page."""
    import segno  # noqa: PLC0415  # memory that only those pay who print
    import typst  # noqa: PLC0415  # the same

    qr = io.BytesIO()
    segno.make(url, error="m", micro=False).save(qr, kind="svg", border=0, dark=INK, xmldecl=False)
    return typst.compile(
        files("ledger.credits").joinpath("certificate.typ").read_bytes(),
        format=form,
        ignore_system_fonts=True,
        sys_inputs={"certificate": json.dumps(_shown(certificate, url)), "qr": qr.getvalue().decode()},
        timestamp=certificate.retired_at,
    )


def _shown(certificate: Certificate, url: str) -> dict[str, Any]:
    """What the page shows, in words."""
    moment = certificate.retired_at.astimezone(UTC)
    details = [
        ("Retired", f"{moment:%Y-%m-%d %H:%M:%S} UTC"),
        ("Reason", certificate.reason.replace("_", " ")),
        ("Period", certificate.period or NOT_STATED),
        ("Beneficiary", certificate.beneficiary or "not shown"),
    ]
    return {
        "title": f"Certificate of retirement {certificate.retirement_id}",
        "retirementId": certificate.retirement_id,
        "kg": _grouped(certificate.kg),
        "tonnes": f"{certificate.kg.tonnes:,}".replace(",", THIN_SPACE),
        "retiredOn": {"year": moment.year, "month": moment.month, "day": moment.day},
        "beneficiary": certificate.beneficiary,
        "details": details,
        "batches": [_row(share) for share in certificate.batches],
        "chain": _on_chain(certificate),
        "explanation": (NAME_EXPLAINED if certificate.opening else "") + CHECK_EXPLAINED,
        "url": url,
    }


def _row(share: BatchShare) -> tuple[str, ...]:
    country = NOT_STATED if share.country == UNKNOWN_COUNTRY else share.country
    level = f"{share.level}, {LEVELS[share.level]}"
    return (
        share.source.replace("_", " "),
        str(share.vintage),
        share.verifier,
        level,
        country,
        _grouped(share.kg),
    )


def _on_chain(certificate: Certificate) -> list[tuple[str, str]]:
    facts = [
        ("Network", f"{certificate.network} (chain {certificate.chain_id})"),
        ("Transaction", to_hex(certificate.transaction_hash)),
        ("Block", str(certificate.block_number)),
        ("Contract", to_hex(certificate.contract)),
        ("Retirement", to_hex(certificate.ref)),
        ("Commitment", to_hex(certificate.commitment)),
    ]
    if certificate.opening is not None:
        nonce, salt = certificate.opening
        facts += [("Nonce", to_hex(nonce)), ("Salt", to_hex(salt))]
    return facts


def _grouped(kg: Kg) -> str:
    """Kilograms with a thin space between thousands."""
    return f"{int(kg):,}".replace(",", THIN_SPACE)
