"""What a lane remembers of its index and its rules, against asking everybody each time."""

import asyncio
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.timers.due import Position, Rank
from worker.index.entries import WAKES, read_wake, wake_entry, wakes_prefix
from worker.index.view import END, IndexView
from worker.tables.memory import MemoryLane
from worker.tables.port import IndexChange
from worker.timers.gathered import Span
from worker.timers.watch import WakeWatch

BEGIN = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
HOUR = 3_600_000_000
GRACE = HOUR


def _rule_set(organization: str, rules: str) -> CompiledRuleSet:
    text = f"organizationId: {organization}\nversion: v\ntimeZone: UTC\ncurrency: RUB\n"
    return compile_rule_set(load_rule_set(f"{text}rules: {rules}", "rules.yaml"))


BIRTHDAY = "[{id: r, trigger: BIRTHDAY, at: '10:00', actions: [{type: ADD_BONUS, formula: '100'}]}]"
SETS: list[Mapping[str, CompiledRuleSet]] = [
    {"a": _rule_set("a", "[]"), "b": _rule_set("b", "[]")},
    {"a": _rule_set("a", "[]"), "c": _rule_set("c", BIRTHDAY)},
    {},
]
"""Without dates, with one due at 10:00 each day, and none."""

ENTRIES = st.builds(
    wake_entry,
    st.sampled_from(list(WAKES)),
    st.integers(0, 6).map(lambda hours: BEGIN + hours * HOUR),
    st.sampled_from(["a\x1fann", "b\x1fann", "c\x1fann"]),
)
STEPS = st.one_of(
    st.builds(lambda entry: IndexChange([entry], []), ENTRIES),
    st.builds(lambda entry: IndexChange([], [entry]), ENTRIES),
    st.sampled_from(["commit", "forget", "earliest", "earliest"]),
    st.integers(1, 5).map(lambda hours: hours * HOUR),
    st.sampled_from(SETS),
)


@settings(max_examples=300)
@given(st.lists(STEPS, min_size=10, max_size=60), st.sampled_from([0, GRACE]))
def test_what_is_remembered_is_what_asking_everybody_comes_to(
    steps: list[IndexChange | str | int | Mapping[str, CompiledRuleSet]], grace: int
) -> None:
    asyncio.run(_walk(steps, grace))


async def _walk(
    steps: list[IndexChange | str | int | Mapping[str, CompiledRuleSet]], grace: int
) -> None:
    tables, watch, rule_sets, at = MemoryLane(), WakeWatch(), SETS[0], BEGIN
    head, view = b"", IndexView(tables)
    for step in [*steps, "earliest"]:
        match step:
            case IndexChange():
                view.note(step)
            case int():
                at += step
            case "commit":
                before, head = head, head + b"."
                assert await tables.commit(before, head, b"", {}, view.change) == "OK"
                view.committed()
            case "forget":
                view.forget()
            case "earliest":
                prefixes = watch.prefixes(rule_sets)
                earliest = await view.earliest(head, prefixes)
                assert earliest == await copy(view).earliest(head, list(prefixes))
                found = watch.next_due(rule_sets, Position(at), earliest, grace)
                assert found == _next_due(rule_sets, at, earliest, grace)
            case Mapping():
                rule_sets = step
        for until in (at, at + HOUR, at + 3 * HOUR, at + 12 * HOUR):
            span = Span(Position(at), until, grace)
            assert watch.may_be_due(rule_sets, span, view) == _may_be_due(rule_sets, span, view)


def _next_due(
    rule_sets: Mapping[str, CompiledRuleSet], at: int, earliest: list[bytes], grace: int
) -> int | None:
    dates = [rule_set.agenda.next_at(at) for rule_set in rule_sets.values()]
    ends = WAKES[Rank.GROUP_EXPIRY]
    woken = [read_wake(e)[0] + (0 if e.startswith(ends) else grace) for e in earliest]
    return min([*(date for date in dates if date is not None), *woken], default=None)


def _may_be_due(rule_sets: Mapping[str, CompiledRuleSet], span: Span, view: IndexView) -> bool:
    assert span.position is not None
    for organization, rule_set in rule_sets.items():
        date = rule_set.agenda.next_at(span.position.at)
        if date is not None and date <= span.until:
            return True
        for rank in WAKES:
            floor = view.floor(wakes_prefix(rank, organization))
            if floor is None:
                return True
            grace = 0 if rank is Rank.GROUP_EXPIRY else span.grace_us
            if floor != END and read_wake(floor)[0] + grace <= span.until:
                return True
    return False
