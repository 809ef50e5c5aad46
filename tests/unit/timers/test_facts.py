"""What an index of clients is kept by."""

from decimal import Decimal
from typing import Any

import pytest

from rules_engine.account.operations import credit
from rules_engine.account.packed import pack_account
from rules_engine.account.values import UNUSED, Batch
from rules_engine.client import ClientState, GroupEnd
from rules_engine.timers.due import Rank
from rules_engine.timers.facts import (
    Fact,
    FactEntry,
    changed_facts,
    facts_of,
    first_state_driven,
    next_state_driven,
)
from rules_engine.timers.held import HeldCandidates
from schemas.instants import DAY_US

KEY = "izi\x1fanna"


def with_batches(*batches: tuple[str, int | None]) -> ClientState:
    """(left, day of expiry at noon)"""
    account, ends = UNUSED, []
    for number, (left, day) in enumerate(batches):
        expires_at = None if day is None else day * DAY_US + DAY_US // 2
        batch = Batch(0, bytes([number]) * 16, Decimal(left), expires_at)
        account, _ = credit(account, "BONUS_CREDIT", batch)
        ends += [] if expires_at is None else [expires_at]
    return ClientState(account=pack_account(account), lapses_at=min(ends, default=None))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ClientState(), set()),
        (ClientState(last_visit_at=3 * DAY_US - 1), {(Fact.LAST_VISIT, 2)}),
        (ClientState(first_visit_at=-1), {(Fact.FIRST_VISIT, -1)}),
        (ClientState(birthday="2000-02-29"), {(Fact.BIRTHDAY, 229)}),
        (
            with_batches(("1", 5), ("2", 5), ("0", 6), ("3", 7), ("4", None)),
            {(Fact.LAPSE_DAY, 5), (Fact.LAPSE_DAY, 7)},
        ),
        (with_batches(("4", None)), set()),
    ],
)
def test_facts(state: ClientState, expected: set[tuple[Fact, int]]) -> None:
    entries = {FactEntry(*each) for each in expected}
    assert facts_of(state) == entries
    assert set(changed_facts(None, state).added) == entries
    assert set(changed_facts(state, ClientState()).removed) == entries


def test_what_changes() -> None:
    before = with_batches(("1", 5), ("3", 7))
    after = with_batches(("1", 5), ("0", 7), ("3", 9))
    changes = changed_facts(before, after)
    assert changes.added == (FactEntry(Fact.LAPSE_DAY, 9),)
    assert changes.removed == (FactEntry(Fact.LAPSE_DAY, 7),)
    same_day = changed_facts(
        ClientState(last_visit_at=DAY_US), ClientState(last_visit_at=2 * DAY_US - 1)
    )
    assert (same_day.added, same_day.removed) == ((), ())


def end(at: int) -> GroupEnd:
    return GroupEnd(at, "g", b"", "r", 0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"lapses_at": 100}, (107, Rank.LAPSE)),
        ({"ends": (end(120), end(90))}, (90, Rank.GROUP_EXPIRY)),
        ({"lapsed": ((100, Decimal(1)),)}, (107, Rank.BONUS_EXPIRED)),
        ({"lapsed": ((100, Decimal(1)),), "lapses_at": 100}, (107, Rank.LAPSE)),
        ({"ends": (end(107),), "lapses_at": 100}, (107, Rank.LAPSE)),
        ({"ends": (end(107),), "lapsed": ((100, Decimal(1)),)}, (107, Rank.GROUP_EXPIRY)),
    ],
)
def test_what_a_state_has_due(given: dict[str, Any], expected: tuple[int, Rank] | None) -> None:
    """A lapse grace of 7: a lapse of 100 is carried out at 107, ends know no grace."""
    state = ClientState(**given)
    assert first_state_driven(state, 7) == expected
    assert next_state_driven(state, 7) == (None if expected is None else expected[0])


def test_an_index_in_memory_follows_every_change() -> None:
    index = HeldCandidates(7)
    first, second = ClientState(last_visit_at=DAY_US), ClientState(last_visit_at=5 * DAY_US)
    index.changed(KEY, None, first)
    index.changed("izi\x1fboris", None, first)
    index.changed("other\x1fanna", None, first)
    index.changed(KEY, first, second)
    assert index.holders("izi", Fact.LAST_VISIT, 0, 4) == ["izi\x1fboris"]
    assert index.holders("izi", Fact.LAST_VISIT, 5, 9) == [KEY]
    assert list(index.holders("izi", Fact.FIRST_VISIT, 0, 9)) == []
    index.changed(KEY, second, ClientState(lapses_at=100))
    assert index.waking(106) == []
    assert index.waking(107) == [(107, KEY)]
    assert index.waking(107) == []
