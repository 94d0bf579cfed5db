"""The story: a household saves electricity, a verifier checks it, a company buys the credits and retires them."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ccm.demo.client import Client
from ccm.demo.screen import Screen
from ledger.footprint.readings import Bills, HalfHours, read_bills, read_half_hours
from ledger.kernel.clock import now
from ledger.kernel.units import Kg

ILLINOIS_FACTOR = "egrid2023:rfcw"
LONDON_FACTOR = "desnz-2025:7_400_4000_5"
BILLS = "illinois_household_bills.csv"
HALF_HOURS = "london_fortnight_half_hours.csv"
YEARS = (2016, 2017)
PRICE_PER_TONNE = Decimal("25.50")
TRIPS = (("Springfield", 325), ("Rockford", 140), ("Peoria", 265), ("Champaign", 220))


@dataclass
class Story:
    """What the chapters know of each other."""

    screen: Screen
    household: Client
    company: Client
    verifier: Client
    accounts: dict[str, Any]
    folder: Path
    bills: Bills = field(default_factory=lambda: read_bills(_lines(BILLS)))
    evidence_hash: str = field(default_factory=lambda: hashlib.sha256(_data(BILLS).read_bytes()).hexdigest())
    half_hours: HalfHours = field(default_factory=lambda: read_half_hours(_lines(HALF_HOURS)))

    async def tell(self) -> None:
        """All chapters, in order."""
        await self.track_bills()
        await self.track_half_hours()
        credit = await self.claim_saving()
        issued = await self.verify_and_issue(credit)
        listing = await self.offer_half(issued)
        emitted = await self.track_company()
        await self.buy_and_retire(listing, emitted)

    async def track_bills(self) -> None:
        """Both calendar years of the household's bills."""
        self.screen.chapter(
            "An Illinois household's electricity",
            f"{len(self.bills.bills)} real bills, {self.bills.energy.kwh:,} kWh in all. A bill that runs over New "
            "Year is split by days. Both years are measured with one edition of the grid factor of the place: a saving "
            "is in kilowatt-hours, not in a grid that became cleaner.",
        )
        self.screen.made_up(
            "who lives there, and that it is in the north of the state, on RFC West's grid; the readings are real "
            "(their source: ccm/demo/data/README.md)."
        )
        emissions: dict[int, Decimal] = dict.fromkeys(YEARS, Decimal(0))
        factor = ""
        parts = list(self._bill_parts())
        with self.screen.progress() as progress:
            task = progress.add_task("tracking", total=len(parts))
            for year, timestamp, kwh in parts:
                tracked = await self._track_kwh(kwh, ILLINOIS_FACTOR, timestamp, f"illinois-{timestamp}")
                emissions[year] += tracked["co2Amount"]
                factor = f"{tracked['factorId']}, {tracked['factorEdition']}"
                progress.advance(task)
        self.screen.table(
            ("year", "kWh", "kg CO2e", "factor"),
            [(str(year), _cents(self.bills.of_year(year).kwh), _milli(emissions[year]), factor) for year in YEARS],
        )

    def _bill_parts(self) -> Iterator[tuple[int, str, Decimal]]:
        """Each bill's share of each calendar year: year, moment of its first day, kWh."""
        for bill in self.bills.bills:
            for year in YEARS:
                days = {day: energy for day, energy in bill.by_day() if day.year == year}
                if days:
                    total = sum((energy.kwh for energy in days.values()), Decimal(0))
                    yield year, f"{min(days)}T12:00:00Z", total

    async def _track_kwh(self, kwh: Decimal, factor: str, timestamp: str, reference: str) -> dict[str, Any]:
        return await self.household.post(
            "/footprint/track",
            {
                "category": "energy",
                "subcategory": "electricity",
                "consumption": kwh,
                "consumptionUnit": "kWh",
                "factorId": factor,
                "timestamp": timestamp,
                "reference": reference,
            },
            key=reference,
        )

    async def track_half_hours(self) -> None:
        """A fortnight in London, with what is wrong in the file."""
        read = self.half_hours
        missing = sum(hole.missing for hole in read.holes)
        self.screen.chapter(
            "A fortnight of half-hours in London",
            f"{read.rows} rows of a real smart meter: {len(read.repeated)} came twice and counts once; "
            f"{missing} half-hours are missing in {len(read.holes)} hole and stay missing: unknown is not zero. "
            f"{len(read.readings)} readings count, {read.energy.kwh} kWh.",
        )
        self.screen.made_up("that the two real households share one account here.")
        rows, counted = [], Counter(reading.at.date() for reading in read.readings)
        for day, energy in read.by_day().items():
            tracked = await self._track_kwh(energy.kwh, LONDON_FACTOR, f"{day}T12:00:00Z", f"london-{day}")
            rows.append((str(day), counted[day], _milli(energy.kwh), _milli(tracked["co2Amount"])))
        self.screen.table(("day", "half-hours", "kWh", "kg CO2e"), rows)

    async def claim_saving(self) -> dict[str, Any]:
        """Claims what the bills show was saved."""
        before, after = (self.bills.of_year(year).kwh for year in YEARS)
        saved = before - after
        self.screen.chapter(
            "The saving", f"{_cents(before):,} kWh less {_cents(after):,} kWh: {_cents(saved):,} kWh were saved."
        )
        earned = await self.household.post(
            "/credits/earn",
            {
                "source": "energy_efficiency",
                "description": "Electricity saved in 2017 against 2016, by the bills",
                "quantity": saved,
                "factorId": ILLINOIS_FACTOR,
                "country": "US",
                "proof": f"sha256:{self.evidence_hash}",
                "timestamp": "2017-12-31T12:00:00Z",
            },
            key="saving",
        )
        basis = earned["basis"]
        self.screen.say(
            f"With the same factor that is {_milli(basis['saved'])} kg CO2e. Whole kilograms are claimed; the "
            f"{_milli(basis['carriedOn'])} kg left over count for the next claim."
        )
        self.screen.step(f"{earned['creditId']}: {earned['amount']} t claimed", earned)
        return earned

    async def verify_and_issue(self, earned: dict[str, Any]) -> dict[str, Any]:
        """The verifier decides; then the credit is issued on chain."""
        self.screen.chapter("Verified, then issued", "No kilogram becomes a token before a verifier has checked it.")
        self.screen.made_up("that somebody read the bills; here the demo presses the verifier's button.")
        submitted = await self.household.post(
            "/verification/submit",
            {
                "creditId": earned["creditId"],
                "claimantId": self.accounts["household"]["userId"],
                "source": "energy_efficiency",
                "amount": earned["amount"],
                "evidence": [
                    {
                        "type": "document",
                        "url": f"https://example.org/{BILLS}",
                        "hash": self.evidence_hash,
                        "timestamp": "2018-01-20T00:00:00Z",
                    }
                ],
            },
            key="submission",
        )
        decided = await self.verifier.post(
            f"/verification/{submitted['verificationId']}/decision",
            {
                "decision": "approved",
                "amount": earned["amount"],
                "confidence": 0.9,
                "notes": "Bills of both years checked.",
            },
            key="decision",
        )
        self.screen.step(f"{decided['verificationId']}: {decided['verifierId']} checked the claim", decided)
        order = {"creditId": earned["creditId"], "network": "polygon"}
        minted = await self.household.post("/blockchain/mint", order, key="mint")
        self.screen.step(f"{minted['tokenId']} issued: {earned['amount']} t to the household", minted)
        return earned

    async def offer_half(self, earned: dict[str, Any]) -> dict[str, Any]:
        """Half of the credit is offered on the market."""
        half = Kg(int(Kg.from_tonnes(earned["amount"])) // 2).tonnes
        self.screen.chapter("Half of it is for sale", f"{half} t at {PRICE_PER_TONNE} USD a tonne; the rest is kept.")
        self.screen.made_up("the price.")
        listing = await self.household.post(
            "/trading/list",
            {
                "amount": half,
                "pricePerCredit": PRICE_PER_TONNE,
                "currency": "USD",
                "minPurchase": Decimal("0.001"),
                "expiresAt": "2099-01-01T00:00:00Z",
            },
            key="listing",
        )
        self.screen.step(f"{listing['listingId']}: {half} t offered", listing)
        return listing

    async def track_company(self) -> Decimal:
        """The company's own emissions, which it will offset."""
        self.screen.chapter(
            "A company's trips", "Its diesel car is tracked by distance, with the standard's own factor."
        )
        self.screen.made_up("the company, its trips, and the test dollars that it pays with.")
        rows, total = [], Decimal(0)
        today = now().date()
        for town, km in TRIPS:
            tracked = await self.company.post(
                "/footprint/track",
                {
                    "category": "transportation",
                    "subcategory": "car",
                    "distance": km,
                    "distanceUnit": "km",
                    "fuelType": "diesel",
                    "timestamp": f"{today}T08:00:00Z",
                    "reference": f"trip-{town}",
                },
                key=f"trip-{town}",
            )
            rows.append((f"Chicago to {town}", km, _milli(tracked["co2Amount"])))
            total += tracked["co2Amount"]
        self.screen.table(("trip", "km", "kg CO2e"), [*rows, ("in all", sum(km for _, km in TRIPS), _milli(total))])
        return total

    async def buy_and_retire(self, listing: dict[str, Any], emitted_kg: Decimal) -> None:
        """Buys, retires what was emitted, and keeps the certificate."""
        kg_up = Kg(int(emitted_kg.to_integral_value("ROUND_CEILING")))
        self.screen.chapter(
            "Bought, and retired for ever",
            f"{emitted_kg.normalize():f} kg were emitted. A credit is a whole kilogram, so "
            f"{int(kg_up)} kg are retired against them.",
        )
        order = {"listingId": listing["listingId"], "amount": kg_up.tonnes}
        bought = await self.company.post("/trading/buy", order, key="purchase")
        self.screen.step(
            f"{bought['purchaseId']}: {bought['amount']} t for {bought['totalPrice']} test dollars", bought
        )
        retired = await self.company.post(
            "/credits/retire",
            {
                "amount": kg_up.tonnes,
                "reason": "corporate_offset",
                "note": "Trips by car",
                "period": str(now().year),
                "beneficiary": "Prairie Example Ltd (made up)",
            },
            key="retirement",
        )
        self.screen.step(f"{retired['retirementId']}: {retired['amount']} t retired", retired)
        pdf = await self.company.download(retired["certificate"])
        path = self.folder / f"{retired['retirementId']}.pdf"
        path.write_bytes(pdf)
        self.screen.file("Certificate", path)
        balances = [
            (name, (await client.get("/credits/balance"))["balance"])
            for name, client in (("household", self.household), ("company", self.company))
        ]
        self.screen.table(("holder", "t CO2e"), balances)


def _data(name: str) -> Traversable:
    return files("ccm.demo").joinpath("data", name)


def _lines(name: str) -> list[str]:
    return _data(name).read_text().splitlines()


def _milli(figure: Decimal) -> Decimal:
    """Kilograms or kilowatt-hours as people read them: three decimals."""
    return figure.quantize(Decimal("0.001"))


def _cents(kwh: Decimal) -> Decimal:
    """Kilowatt-hours as bills tell them: two decimals."""
    return kwh.quantize(Decimal("0.01"))
