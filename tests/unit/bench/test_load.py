"""The load scenarios: what counts as flat, whose events go where, what is told."""

import msgspec
import pytest
from aiokafka.partitioner import DefaultPartitioner

from benchmarks.harness.topics import PARTITIONS
from benchmarks.load.backlog import LANE, OTHERS, lane_of
from benchmarks.load.flatness import Bound, Growth, growth
from benchmarks.load.lapsing import lapsing
from benchmarks.load.organizations import (
    FIRST,
    ORGANIZATIONS,
    ByOrganization,
    organization_of,
    small_rule_set,
    small_rules,
)
from benchmarks.load.soak import BOUNDS, CHANGES, HOUR, JOINS, JUDGED, NORMAL_RATE, SHARES
from benchmarks.load.told import Told, as_json
from benchmarks.workload.events import EventStream, client_id
from benchmarks.workload.expected import Reference
from benchmarks.workload.render import rule_set_yaml
from rules_engine.author import load_rule_set

BOUND = Bound(0.10, 2.0)


@pytest.mark.parametrize(
    ("samples", "first", "last"),
    [
        ([5, 10, 10, 10, 20, 20, 20], 10, 20),
        ([5, 10, 10, 99, 20, 20], 10, 20),  # five without the first: the middle one is in neither
        ([5, 10, 90, 11, 12, 80, 13], 11, 13),  # one peak in each half moves no median
        ([400, 10, 10], 10, 10),
    ],
)
def test_halves_leave_the_first_sample_out(samples: list[float], first: float, last: float) -> None:
    assert growth("rss", samples) == Growth("rss", first, last)


def test_two_samples_have_no_halves() -> None:
    with pytest.raises(ValueError, match="2 samples of rss have no halves"):
        growth("rss", [1, 2])


@pytest.mark.parametrize(
    ("last", "is_flat"), [(90.0, True), (112.0, True), (112.5, False), (200.0, False)]
)
def test_growth_beyond_share_and_slack_is_a_fault(last: float, is_flat: bool) -> None:
    """100 may become 100 × 1.1 + 2."""
    assert (Growth("rss", 100.0, last).fault(BOUND) is None) is is_flat


def test_a_fault_names_what_grew() -> None:
    fault = Growth("tasks", 70, 170).fault(BOUND)
    assert fault == "tasks grew from 70.0 to 170.0 (at most 79.0): something is kept for ever"


@pytest.mark.parametrize(
    ("name", "flat", "leak"),
    [("rss_mb", 230.0, 100 / 2**20), ("redis_mb", 13.0, 20 / 2**20), ("blocks", 1_200_000.0, 1.0)],
)
def test_a_small_leak_is_found(name: str, flat: float, leak: float) -> None:
    """Ten looks, 60,000 events apart: 100 bytes each are 5.7 MB from look to look. A look finds
    less or more in turn, as the second worker is there or not."""
    apart = NORMAL_RATE * HOUR // SHARES * JUDGED // 10
    assert apart == 60_000
    samples = [flat * (0.98 if look % 2 else 1.02) for look in range(10)]
    leaking = [each + leak * apart * look for look, each in enumerate(samples)]
    assert growth(name, samples).fault(BOUNDS[name]) is None
    assert growth(name, leaking).fault(BOUNDS[name]) is not None


def test_both_halves_of_a_soak_have_the_same_rebalances() -> None:
    half = JUDGED // 2
    first = {at: joins for at, joins in JOINS.items() if at <= half}
    assert {at + half: joins for at, joins in first.items()} == {
        at: joins for at, joins in JOINS.items() if at > half
    }
    assert list(JOINS.values()) == [True, False] * 4
    assert len([at for at in CHANGES if at <= half]) * 2 == len(CHANGES)


def test_half_of_the_events_are_the_hot_clients() -> None:
    stream = EventStream(1, 100, hot_share=0.5)
    stream.take(100)  # everybody once
    of_first = [event for event in stream.take(4000) if event.client_id == client_id(0)]
    assert 1900 < len(of_first) < 2150


def test_lanes_are_those_of_the_clients_that_count_as_java_does() -> None:
    every, place = list(range(PARTITIONS)), DefaultPartitioner()
    lanes = [lane_of(number) for number in range(200)]
    assert lanes == [place(client_id(n).encode(), every, every) for n in range(200)]
    assert set(lanes) == {LANE, *OTHERS}


def test_a_fifth_of_the_clients_are_the_first_organizations() -> None:
    homes = [organization_of(number, 5000) for number in range(5000)]
    assert homes.count(FIRST) == 1000
    assert len(set(homes)) == ORGANIZATIONS


def test_each_organizations_events_are_judged_by_its_own_rules() -> None:
    stream = EventStream(1, 50, organization_of=lambda number: organization_of(number, 50))
    events = stream.take(4000)
    judge = ByOrganization(Reference(), Reference(small_rules()), 50)
    of_small = {event.event_id for event in events if not judge.is_of_first(event)}
    found = judge.commands(events)
    small = {rule for event_id, rule, _ in found if event_id in of_small}
    assert small <= {rule.id for rule in small_rules()}
    assert any(event_id not in of_small and "ladder" in rule for event_id, rule, _ in found)


def test_a_small_organizations_rules_are_a_rule_set() -> None:
    checked = load_rule_set(small_rule_set(7), "0007.yaml")
    assert checked.organization_id == "org-0007"
    assert {rule.id for rule in checked.rules} == {rule.id for rule in small_rules()}


def test_everything_lapses() -> None:
    checked = load_rule_set(lapsing(rule_set_yaml(), 5), "rules.yaml")
    assert {
        getattr(action, "expires_in_days", None)
        for rule in checked.rules
        for action in rule.actions
    } == {5}


def test_ratios_are_told_where_there_is_a_baseline() -> None:
    told = Told("hot", "a title", "another load")
    told.tell("events a second", 50.0, 100.0)
    told.tell("commands", 7)
    told.tell("growth", 3.0, 0.0)
    [scenario] = msgspec.json.decode(as_json([told]))["scenarios"]
    assert [line["ratio"] for line in scenario["lines"]] == [0.5, None, None]
