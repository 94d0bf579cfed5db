"""A certificate as a person gets it: a PDF that says what the chain says, the same bytes every time."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdf

from ledger.credits import BatchShare, Certificate, certificate_pdf
from ledger.kernel.units import Kg

URL = "https://credits.example/carbon-credit-micro/v1/certificates/RET-2025-0042.pdf"
HOUSEHOLD = BatchShare(
    source="energy_efficiency", vintage=2024, verifier="WIA-Verifier-001", level=2, country="US", kg=Kg(900)
)
SOLAR = BatchShare(
    source="renewable_energy", vintage=2023, verifier="WIA-Verifier-002", level=3, country="ZZ", kg=Kg(350)
)
SHOWN = Certificate(
    retirement_id="RET-2025-0042",
    kg=Kg(1250),
    retired_at=datetime(2025, 3, 4, 10, 22, 33, tzinfo=UTC),
    reason="corporate_offset",
    period="2025-03",
    beneficiary="Green Bakery Ltd",
    batches=(HOUSEHOLD, SOLAR),
    network="polygon",
    chain_id=31337,
    contract=bytes([0xC0]) * 20,
    transaction_hash=bytes([0xAB]) * 32,
    block_number=12345,
    ref=bytes([0xCD]) * 32,
    commitment=bytes([0xEF]) * 32,
    opening=(bytes([0x11]) * 32, bytes([0x22]) * 32),
)
SILENT = replace(SHOWN, beneficiary=None, opening=None)


def said(pdf: bytes) -> str:
    """The text on all pages, with thin spaces and line breaks as spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


async def test_it_says_how_much_when_for_whom_and_where_from() -> None:
    text = said(await certificate_pdf(SHOWN, URL))
    for fact in ("RET-2025-0042", "4 March 2025", "Green Bakery Ltd", "corporate offset", "2025-03", "1.250 t"):
        assert fact in text, fact
    for fact in ("energy efficiency", "2024", "WIA-Verifier-002", "3, third party", "not stated", "900", "350"):
        assert fact in text, fact


async def test_it_says_where_on_the_chain_it_can_be_checked() -> None:
    text = said(await certificate_pdf(SHOWN, URL)).replace(" ", "")
    for fact in ("ab" * 32, "c0" * 20, "cd" * 32, "ef" * 32, "11" * 32, "22" * 32):
        assert f"0x{fact}" in text
    assert "12345" in text
    assert URL in text


async def test_who_shows_no_name_shows_nothing_about_it() -> None:
    text = said(await certificate_pdf(SILENT, URL))
    assert "on behalf of" not in text
    assert "Salt" not in text.title()


async def test_the_same_certificate_is_the_same_bytes() -> None:
    assert await certificate_pdf(SHOWN, URL) == await certificate_pdf(SHOWN, URL)


async def test_a_name_is_shown_as_it_was_written_never_run_as_markup() -> None:
    name = '*#panic("no")* \\ $x$ @ref <label>'
    assert "".join(name.split()) in said(await certificate_pdf(replace(SHOWN, beneficiary=name), URL)).replace(" ", "")


async def test_many_batches_go_on_over_pages() -> None:
    pdf = await certificate_pdf(replace(SHOWN, batches=(HOUSEHOLD, SOLAR) * 40), URL)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) > 1
    assert said(pdf).count("WIA-Verifier-001") == 40
