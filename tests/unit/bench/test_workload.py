"""The workload of the benchmark: one table of rules, the same commands in every form of it."""

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.baselines.handwritten import Counters, Outputs, fire
from benchmarks.baselines.wire import decode_event
from benchmarks.workload.events import TOPICS, EventStream, InputEvent
from benchmarks.workload.expected import Command, Reference
from benchmarks.workload.render import ATTRIBUTES, ITEMS, lambda_source
from benchmarks.workload.rules import CLUBS, RULES


class ByLambdas:
    """The evaluation of the hand-written baseline, without Kafka and Redis."""

    def __init__(self) -> None:
        self._clients: dict[str, Counters] = {}

    def commands_of(self, value: bytes) -> list[Command]:
        event = decode_event(value)
        record = SimpleNamespace(topic="topic", partition=3, offset=42, key=b"key")
        outputs: Outputs = {}
        fire(record, event, self._clients.setdefault(event.client_id, Counters()), outputs)
        return [_command(value) for _, value in outputs.get(3, [])]


def _command(value: bytes) -> Command:
    command = json.loads(value)
    return command["causedBy"]["eventId"], command["ruleId"], command["amountMajor"]


def _event(number: int, type_: str, occurred_at: str, **fields: Any) -> bytes:
    body = {
        "eventId": f"e-{number}",
        "type": type_,
        "organizationId": "izi",
        "clubId": "club-2",
        "clientId": "client-1",
        "occurredAt": occurred_at,
        **fields,
    }
    return json.dumps(body).encode()


def _payment(number: int, total: str, product_type: str) -> bytes:
    return _event(
        number,
        "PAYMENT_MADE",
        "2025-01-07T05:00:00+03:00",
        paymentId=f"p-{number}",
        totalAmountMajor=total,
        bonusAmountMajor="0.00",
        productType=product_type,
        productId="product-1",
    )


# One client's night in club-2, whose tiers are 500 5 %, 1000 8 %, 2000 12 %, 3000 20 %.
WORKED: list[tuple[bytes, list[tuple[str, str]]]] = [
    (
        # A Monday morning; the first top-up ever.
        _event(
            1,
            "BALANCE_TOPPED_UP",
            "2025-01-06T09:30:00+03:00",
            topupAmountMajor="2000.00",
            topUpSource="ACQUIRING",
            gatewayTransactionId="gw-1",
        ),
        [
            ("ladder-club-2.anchor", "240.00"),
            ("source-acquiring-2", "40.00"),
            ("happy-morning-club-2", "140.00"),
            ("weekday-1", "25.00"),
            ("welcome-club-2", "100.00"),
            ("welcome-network", "50.00"),
        ],
    ),
    (
        # 20:30 in UTC is half past eleven in the evening in Moscow.
        _event(2, "VISIT_STARTED", "2025-01-06T20:30:00+00:00", visitId="v-1", tariffId="night"),
        [("night-club-2", "15.00")],
    ),
    (
        _event(
            3,
            "VISIT_ENDED",
            "2025-01-07T04:10:00+03:00",
            visitId="v-1",
            tariffId="night",
            durationMinutes=500,
        ),
        [("stay-480", "40.00"), ("late-home", "10.00")],
    ),
    (_payment(4, "1500.00", "BAR"), [("bar-club-2", "45.00")]),
    (_payment(5, "1800.00", "TARIFF"), [("tariff-1800", "72.00")]),
    # 3300 were spent before this one.
    (_payment(6, "1500.00", "MULTIPASS"), [("pass-large", "45.00"), ("spender-3000", "15.00")]),
    (
        # A Tuesday evening; the second top-up: nothing but the ladder's lowest tier.
        _event(
            7,
            "BALANCE_TOPPED_UP",
            "2025-01-07T19:00:00+03:00",
            topupAmountMajor="500.00",
            topUpSource="CASH",
            shiftId="shift-1",
        ),
        [("ladder-club-2.entry", "25.00")],
    ),
]


@pytest.mark.parametrize("evaluate", [Reference, ByLambdas])
def test_worked_example(evaluate: type[Reference] | type[ByLambdas]) -> None:
    follower = evaluate()
    for value, expected in WORKED:
        event_id = json.loads(value)["eventId"]
        found = follower.commands_of(value)
        assert sorted(found) == sorted((event_id, rule, amount) for rule, amount in expected)


def test_a_hundred_rules_of_which_about_0_6_fire_per_event() -> None:
    events = EventStream(seed=1, clients=500).take(10_000)
    commands = Reference().commands(events)
    assert len({rule.id for rule in RULES}) == len(RULES) == 100
    assert 0.5 < len(commands) / len(events) < 0.75


def test_decimals_and_floats_give_the_same_commands_over_the_stream() -> None:
    reference, by_lambdas = Reference(), ByLambdas()
    for event in EventStream(seed=2, clients=40).take(3_000):
        assert reference.commands_of(event.value) == by_lambdas.commands_of(event.value)


def test_a_stream_is_a_function_of_its_seed_and_the_number_of_clients() -> None:
    stream = EventStream(seed=3, clients=50)
    continued = stream.take(100) + stream.take(100)
    assert continued == EventStream(seed=3, clients=50).take(200)
    assert continued != EventStream(seed=4, clients=50).take(200)


def test_the_first_events_reach_every_client_once() -> None:
    events = EventStream(seed=5, clients=64).take(64)
    assert len({event.client_id for event in events}) == 64
    assert {event.topic for event in events} == set(TOPICS)


def test_amounts_are_whole_so_that_floats_are_exact() -> None:
    for event in EventStream(seed=6, clients=50).take(2_000):
        for amount in _amounts(event):
            assert amount == amount.to_integral_value()


def _amounts(event: InputEvent) -> list[Decimal]:
    fields = json.loads(event.value).items()
    return [Decimal(value) for name, value in fields if name.endswith("AmountMajor")]


def test_a_client_keeps_to_one_club() -> None:
    clubs: dict[str, set[str]] = {}
    for event in EventStream(seed=7, clients=30).take(1_000):
        clubs.setdefault(event.client_id, set()).add(json.loads(event.value)["clubId"])
    assert all(len(visited) == 1 for visited in clubs.values())
    assert {club for visited in clubs.values() for club in visited} == set(CLUBS)


@pytest.mark.parametrize(
    ("formula", "names", "source"),
    [
        ("percent(topupAmountMajor, 5)", ATTRIBUTES, "e.topup_amount_major * 5 / 100"),
        ("percent(topupAmountMajor, 5)", ITEMS, "e['topupAmountMajor'] * 5 / 100"),
        ("isFirstTopup and hour < 16", ATTRIBUTES, "c.topup_count == 0 and t.hour < 16"),
        (
            "min(percent(totalAmountMajor, 2), 60)",
            ITEMS,
            "min(e['totalAmountMajor'] * 2 / 100, 60)",
        ),
    ],
)
def test_formulas_become_plain_python(formula: str, names: dict[str, str], source: str) -> None:
    assert lambda_source(formula, names) == f"lambda e, c, t: {source}"
