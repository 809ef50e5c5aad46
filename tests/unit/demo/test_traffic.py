"""The sample traffic: repeatable, varied, and the same totals however topics interleave."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import permutations
from random import Random
from typing import Any

import pytest

from schemas.decode import decode
from schemas.decoded import Rejected
from schemas.topics import EVENT_TYPES, Channel
from tests.unit.demo.recount import Recount, load_sample, recount
from worker.demo.events import ORIGIN
from worker.demo.traffic import DemoRecord, traffic

INPUTS = (Channel.TOPUPS, Channel.VISITS, Channel.PAYMENTS)
CODES = {
    "NOT_JSON",
    "SCHEMA",
    "UNKNOWN_TYPE",
    "OUT_OF_RANGE",
    "KEY_MISMATCH",
    "WRONG_TOPIC",
    "EVENT_ID_REUSED",
}


@pytest.fixture(scope="module")
def records() -> list[DemoRecord]:
    return list(traffic(1, 5000))


@pytest.fixture(scope="module")
def bodies(records: list[DemoRecord]) -> list[dict[str, Any]]:
    """Of the events that can be read, each once."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        event = decode(record.value, record.key, Channel(record.channel), lambda _: 2)
        if not isinstance(event, Rejected):
            found.setdefault(event.event_id, json.loads(record.value))
    return list(found.values())


def test_a_seed_gives_the_same_records_for_ever() -> None:
    """The digest is the promise; a change of the traffic changes it, Python's release must not."""
    digest = sha256()
    for record in traffic(1, 2000):
        digest.update(record.channel.encode() + record.key + record.value)
    assert digest.hexdigest() == "7300ba74d3d11663096caab305d516e3ea8149a659133d97368fd78a44c6aeaf"


def test_fewer_records_are_the_beginning_of_more() -> None:
    assert list(traffic(5, 300)) == list(traffic(5, 900))[:300]


def test_another_seed_is_another_day() -> None:
    assert list(traffic(1, 100)) != list(traffic(2, 100))


def test_every_kind_of_event_occurs(bodies: list[dict[str, Any]]) -> None:
    kinds = {body["type"] for body in bodies}
    sent = {kind for channel in INPUTS for kind in EVENT_TYPES[channel]}
    assert sent - kinds == {"BONUS_WRITTEN_OFF", "PROMO_CODE_REDEEMED"}


def test_sources_carry_what_traces_them(bodies: list[dict[str, Any]]) -> None:
    topups = [body for body in bodies if body["type"] == "BALANCE_TOPPED_UP"]
    by_source = Counter(body["topUpSource"] for body in topups)
    assert min(by_source[source] for source in ("ACQUIRING", "POS_TERMINAL", "CASH")) > 50
    for body in topups:
        assert ("shiftId" in body) == (body["topUpSource"] == "CASH")
        assert ("gatewayTransactionId" in body) == (body["topUpSource"] == "ACQUIRING")
    assert {len(record.headers) for record in traffic(1, 500)} == {0, 1}


def test_snapshots_come_first_with_groups_and_later_with_facts_alone(
    bodies: list[dict[str, Any]],
) -> None:
    with_groups: set[str] = set()
    for body in bodies:
        client = body["clientId"]
        snapshot = body.get("client", {})
        if body["type"] == "BALANCE_TOPPED_UP" and client not in with_groups:
            assert {"groups", "registeredAt", "birthday"} == set(snapshot)
            with_groups.add(client)
        elif body["type"] != "BALANCE_TOPPED_UP":
            assert "groups" not in snapshot
    assert any("client" in body for body in bodies if body["type"] == "VISIT_STARTED")


def test_refunds_name_what_they_refund(bodies: list[dict[str, Any]]) -> None:
    """Some of them refund what was paid before the traffic began, as in life."""
    topups = {body["eventId"] for body in bodies if body["type"] == "BALANCE_TOPPED_UP"}
    refunds = [body for body in bodies if body["type"] == "TOPUP_REFUNDED"]
    assert sum(refund["originalEventId"] in topups for refund in refunds) > len(refunds) // 2 > 0
    payments = {body["paymentId"] for body in bodies if body["type"] == "PAYMENT_MADE"}
    returned = [body for body in bodies if body["type"] == "PAYMENT_REFUNDED"]
    assert sum(body["paymentId"] in payments for body in returned) > len(returned) // 2 > 0


def test_time_goes_on_and_stays_in_the_past(bodies: list[dict[str, Any]]) -> None:
    instants = [datetime.fromisoformat(body["occurredAt"]) for body in bodies]
    assert instants == sorted(instants)
    assert instants[0] >= ORIGIN
    assert timedelta(hours=5) < instants[-1] - ORIGIN < timedelta(hours=15)
    assert instants[-1] < datetime.now(UTC) - timedelta(days=300)


def test_traffic_ends_before_the_instant_that_is_asked_for() -> None:
    until = ORIGIN + timedelta(minutes=10)
    values = [record.value for record in traffic(1, until=until) if record.value.endswith(b"}")]
    last = max(json.loads(value)["occurredAt"] for value in values)
    assert until - timedelta(minutes=1) < datetime.fromisoformat(last) <= until


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_every_dead_letter_code_of_the_demo_comes_early(seed: int) -> None:
    assert set(recount(traffic(seed, 700)).dead_letters) == CODES


def test_every_sample_rule_fires_and_events_repeat(records: list[DemoRecord]) -> None:
    counted = recount(records)
    fired = {rule for rule, _ in counted.rule_commands}
    assert fired == {rule.id for rule in load_sample().rules}
    assert set(counted.commands) == {"ADD_BONUS", "SEND_PUSH", "ASSIGN_GROUP", "UNASSIGN_GROUP"}
    assert counted.duplicates > 30


@pytest.mark.parametrize("order", list(permutations(INPUTS)))
def test_totals_do_not_depend_on_which_topic_is_read_first(
    records: list[DemoRecord], order: tuple[Channel, ...]
) -> None:
    """The hardest interleaving: one topic to its end, then the next."""
    topics = {channel: [r for r in records if r.channel == channel] for channel in INPUTS}
    read = [record for channel in order for record in topics[channel]]
    assert totals(recount(read)) == totals(recount(records))


@pytest.mark.parametrize("seed", range(3))
def test_totals_do_not_depend_on_how_topics_interleave(
    records: list[DemoRecord], seed: int
) -> None:
    assert totals(recount(interleaved(records, Random(seed)))) == totals(recount(records))


def totals(counted: Recount) -> tuple[object, ...]:
    return counted.summary(), counted.rule_commands, counted.duplicates


def interleaved(records: list[DemoRecord], random: Random) -> list[DemoRecord]:
    """Each topic in its own order, taken from in runs of random length."""
    queues = [[r for r in reversed(records) if r.channel == channel] for channel in INPUTS]
    read = []
    while any(queues):
        queue = random.choice([queue for queue in queues if queue])
        for _ in range(min(len(queue), random.randint(1, 400))):
            read.append(queue.pop())
    return read
