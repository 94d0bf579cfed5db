"""The footprint as clients of the standard send and read it."""

import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from api.app import create_app
from api.footprint.routes import FootprintController
from api.services import Services
from ledger.accounts import Account, issue_api_key
from ledger.chain import Contracts, Custody, IntentWatch, Network
from ledger.db.session import Sessions
from ledger.kernel.clock import Clock
from ledger.kernel.settings import Settings

PREFIX = "/carbon-credit-micro/v1/footprint"
DAY = "2024-03-05"
TRIP = {
    "category": "transportation",
    "subcategory": "car",
    "distance": 25,
    "distanceUnit": "km",
    "fuelType": "gasoline",
    "timestamp": "2024-03-05T08:30:00Z",
}
METERED = {
    "category": "energy",
    "subcategory": "electricity",
    "consumption": 15.5,
    "consumptionUnit": "kWh",
    "timestamp": "2024-03-05T20:00:00Z",
}
GIVEN = {"category": "waste", "subcategory": "landfill", "co2Amount": 5.2, "timestamp": "2024-03-05T21:00:00Z"}
REFUSE_AT_COMMIT = (
    "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$",
    "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON activities INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()",
)
NOWHERE = Contracts(*[bytes(20)] * 6)


@pytest_asyncio.fixture
async def http(
    sessions: Sessions, database_url: str, household: Account, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """The household's connection."""
    async with sessions() as session, session.begin():
        key = await issue_api_key(session, household, environment="test")
    network = Network(31337, "polygon", NOWHERE, Custody(bytes(32)))
    services = Services(Settings(), sessions, network, IntentWatch(database_url), clock)
    transport = httpx.ASGITransport(create_app(services, [FootprintController]))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://ccm", headers=headers) as client:
        yield client


async def post(http: httpx.AsyncClient, path: str, body: Any, status: int, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await http.post(PREFIX + path, content=content, headers=sent)
    assert answer.status_code == status, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def get(http: httpx.AsyncClient, path: str, status: int = 200, **query: str) -> Any:
    answer = await http.get(PREFIX + path, params=query)
    assert answer.status_code == status, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def test_a_trip_is_answered_with_its_factor(http: httpx.AsyncClient) -> None:
    tracked = await post(http, "/track", TRIP, 201)
    assert tracked == {
        "activityId": "ACT-2025-0001",
        "category": "transportation",
        "subcategory": "car",
        "co2Amount": Decimal("5.25"),
        "unit": "kg CO2e",
        "timestamp": "2024-03-05T08:30:00Z",
        "verified": False,
        "verificationMethod": "self_reported",
        "derivedAmount": Decimal("5.25"),
        "quantity": 25,
        "quantityUnit": "km",
        "factorId": "wia-1.0:car_gasoline",
        "factorEdition": "1.0.0",
        "factorSet": "wia-1.0",
        "gwpSet": None,
        "reference": None,
        "warnings": [],
    }


async def test_a_named_factor_measures_a_bill_of_its_place(http: httpx.AsyncClient) -> None:
    tracked = await post(
        http, "/track", METERED | {"factorId": "egrid2023:rfcw", "verificationMethod": "smart_meter"}, 201
    )
    assert (tracked["co2Amount"], tracked["factorEdition"]) == (Decimal("6.439816"), "eGRID2023 rev 1 (Jan 2025)")
    assert (tracked["verificationMethod"], tracked["verified"], tracked["gwpSet"]) == ("smart_meter", False, "AR5")


async def test_a_meters_own_amount_counts(http: httpx.AsyncClient) -> None:
    tracked = await post(http, "/track", METERED | {"co2Amount": 15.5 * 0.459}, 201)
    assert (tracked["co2Amount"], tracked["derivedAmount"]) == (Decimal("7.1145"), Decimal("5.9675"))


async def test_a_day_adds_up(http: httpx.AsyncClient) -> None:
    for body in (TRIP, METERED, GIVEN):
        await post(http, "/track", body, 201)
    day = await get(http, f"/daily/{DAY}")
    assert (day["date"], day["totalEmissions"]) == (DAY, Decimal("16.4175"))
    assert day["totalEmissions"] == sum(activity["co2Amount"] for activity in day["activities"])
    assert day["totalEmissions"] == sum(day["categories"].values())
    assert [activity["category"] for activity in day["activities"]] == ["transportation", "energy", "waste"]
    assert day["comparison"] == {"previousDay": Decimal("16.4175")}


async def test_a_history_adds_up_and_takes_the_times_that_dashboards_send(http: httpx.AsyncClient) -> None:
    for day in ("2024-03-05", "2024-03-06", "2024-03-11"):
        await post(http, "/track", GIVEN | {"timestamp": f"{day}T10:00:00Z"}, 201)
    found = await get(http, "/history", start="2024-03-01T07:30:00.123456", end="2024-03-31", granularity="weekly")
    assert found["period"] == {"start": "2024-03-01", "end": "2024-03-31"}
    assert found["data"] == [
        {"date": "2024-03-04", "emissions": Decimal("10.4")},
        {"date": "2024-03-11", "emissions": Decimal("5.2")},
    ]
    assert (found["totalEmissions"], found["averageDaily"]) == (Decimal("15.6"), Decimal("0.503226"))
    assert found["trends"] == {"direction": "decreasing", "changePercent": -100}


async def test_a_calculation_explains_itself_and_leaves_nothing_behind(http: httpx.AsyncClient) -> None:
    flight = {"category": "transportation", "subcategory": "flight", "distance": 500, "flightClass": "economy"}
    answer = await post(http, "/calculate", flight, 200)
    assert (answer["co2Amount"], answer["emissionFactor"]) == (125, Decimal("0.25"))
    assert answer["emissionFactorUnit"] == "kg CO2e/passenger_km"
    assert answer["breakdown"] == {"directEmissions": 0, "indirectEmissions": 125}
    assert [factor["factorId"] for factor in answer["factors"]] == ["wia-1.0:flight_short"]
    assert (await get(http, "/daily/2025-01-15"))["activities"] == []


@pytest.mark.parametrize(
    ("timestamp", "kept"),
    [
        ("20250115", "2025-01-15T00:00:00Z"),
        ("2025-01-15", "2025-01-15T00:00:00Z"),
        ("2025-01-15T10:30:00", "2025-01-15T10:30:00Z"),
        ("2025-01-15T10:30:00.123456Z", "2025-01-15T10:30:00.123456Z"),
        ("2025-01-15T10:30:00+09:00", "2025-01-15T01:30:00Z"),
    ],
)
async def test_times_are_read_as_clients_write_them(http: httpx.AsyncClient, timestamp: str, kept: str) -> None:
    assert (await post(http, "/track", TRIP | {"timestamp": timestamp}, 201))["timestamp"] == kept


@pytest.mark.parametrize(
    "body",
    [
        TRIP | {"subcategory": "car", "distanceUnit": None},
        {
            "category": "food",
            "subcategory": "restaurant",
            "mealType": "lunch",
            "foodItems": ["chicken", "rice", "vegetables"],
        },
        {"category": "consumption", "subcategory": "clothing", "items": [{"type": "shirt", "quantity": 2}]},
        GIVEN
        | {"location": {"start": {"lat": 37.5, "lng": 127}, "end": {"lat": 37.6, "lng": 127.1}}, "unheardOf": [1]},
    ],
)
async def test_the_standards_own_examples_are_taken(http: httpx.AsyncClient, body: Any) -> None:
    assert (await post(http, "/track", body, 201))["co2Amount"] > 0


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (GIVEN | {"co2Amount": None}, "co2Amount"),
        (METERED | {"co2Amount": None}, "co2Amount"),
        (GIVEN | {"co2Amount": "5.2"}, "co2Amount"),
        (GIVEN | {"co2Amount": True}, "co2Amount"),
        (GIVEN | {"co2Amount": [5.2]}, "co2Amount"),
        (GIVEN | {"co2Amount": -0.001}, "co2Amount"),
        (GIVEN | {"co2Amount": 10000.001}, "10000 kg"),
        (GIVEN | {"category": "alchemy"}, "alchemy"),
        (GIVEN | {"category": 7}, "category"),
        ({"co2Amount": 5.2}, "category"),
        ({"category": "transportation", "subcategory": "car"}, "distance"),
        ({"category": "transportation", "distnace": 25}, "distnace"),
        (TRIP | {"distanceUnit": "parsec"}, "parsec"),
        (METERED | {"consumptionUnit": "km"}, "kWh"),
        (TRIP | {"timestamp": "2023-02-30T10:00:00Z"}, "timestamp"),
        (TRIP | {"timestamp": "20230230"}, "timestamp"),
        (TRIP | {"timestamp": "yesterday"}, "timestamp"),
        (TRIP | {"location": {"start": {"lat": 91, "lng": 0}}}, "location.start.lat"),
        (b'{"category": "waste", "co2Amount": NaN}', "NaN"),
        (b'{"category": "waste", "co2Amount": 1e400}', "1e400"),
        (b'{"category": "waste", "co2Amount": 1e-300}', "co2Amount"),
        (b"", "JSON"),
        (b'{"category": "waste\xff", "co2Amount": 1}', "UTF-8"),
    ],
)
async def test_a_wrong_report_is_refused_by_the_standards_number_and_not_kept(
    http: httpx.AsyncClient, body: Any, named: str
) -> None:
    error = (await post(http, "/track", body, 400))["error"]
    assert (error["number"], error["code"]) == (1001, "INVALID_EMISSION_DATA")
    assert named in json.dumps(error, default=str)
    assert (await get(http, "/history", start="2016-01-01", end="2026-01-01"))["totalEmissions"] == 0


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/daily/2025-02-30", {}),
        ("/daily/today", {}),
        ("/history", {"start": "2025-02-01", "end": "2025-01-01"}),
        ("/history", {"start": "2025-02-30", "end": "2025-03-01"}),
        ("/history", {"start": "2025-02-01", "end": "2025-03-01", "granularity": "hourly"}),
        ("/history", {"start": "2025-02-01"}),
    ],
)
async def test_a_wrong_question_gets_no_answer(http: httpx.AsyncClient, path: str, query: dict[str, str]) -> None:
    assert (await get(http, path, 400, **query))["error"]["code"] == "INVALID_INPUT"


async def test_an_unknown_thing_without_an_amount_cannot_be_calculated(http: httpx.AsyncClient) -> None:
    yacht = {"category": "consumption", "subcategory": "yacht", "items": [{"type": "yacht", "quantity": 1}]}
    assert (await post(http, "/track", yacht, 422))["error"]["number"] == 1002


async def test_the_same_idempotency_key_twice_counts_once(http: httpx.AsyncClient) -> None:
    first = await post(http, "/track", GIVEN, 201, Idempotency_Key="k-1")
    assert await post(http, "/track", GIVEN, 201, Idempotency_Key="k-1") == first
    changed = await post(http, "/track", GIVEN | {"co2Amount": 6.3}, 409, Idempotency_Key="k-1")
    assert changed["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await get(http, f"/daily/{DAY}"))["totalEmissions"] == Decimal("5.2")


async def test_another_use_of_a_reference_is_a_conflict(http: httpx.AsyncClient) -> None:
    first = await post(http, "/track", GIVEN | {"reference": "r-1"}, 201)
    assert await post(http, "/track", GIVEN | {"reference": "r-1"}, 201) == first
    conflict = await post(http, "/track", GIVEN | {"reference": "r-1", "co2Amount": 6.3}, 409)
    assert conflict["error"]["details"]["activityId"] == first["activityId"]


async def counted(http: httpx.AsyncClient) -> dict[str, str]:
    """What the metrics say was tracked, by category."""
    exposed = (await http.get("/metrics")).text
    return dict(re.findall(r'^ccm_emissions_tracked_total{category="(\w+)"} (\S+)$', exposed, re.MULTILINE))


async def test_the_metrics_count_an_activity_once_however_often_it_is_sent(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await post(http, "/track", GIVEN, 201, Idempotency_Key="k-1")
        await post(http, "/track", GIVEN | {"reference": "r-1"}, 201)
    await post(http, "/track", TRIP, 201)
    assert await counted(http) == {"waste": "2.0", "transportation": "1.0"}


async def test_the_metrics_do_not_count_what_could_not_be_committed(
    http: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        for statement in REFUSE_AT_COMMIT:
            await session.execute(text(statement))
    await post(http, "/track", GIVEN, 500)
    assert (await get(http, f"/daily/{DAY}"))["activities"] == []
    assert await counted(http) == {}
