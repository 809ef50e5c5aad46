"""What is said before tiers change again, and which earlier set a rollback means."""

from datetime import UTC, datetime

import pytest

from rules_engine.author.load import load_rule_set
from schemas.records import InputRecord
from worker.errors import Misconfigured
from worker.publishing.advice import recent_change_of_tiers
from worker.publishing.catalog import Catalog, live_sets
from worker.publishing.earlier import earlier_push
from worker.rules.history import HistoryRecord, Pushed

SET = """
organizationId: izi
version: "{version}"
timeZone: Europe/Moscow
currency: RUB
ladders: [{{id: everyday, tiers: [{{id: entry, atLeast: 200, percent: {percent}}}]}}]
rules:
  - id: flat
    trigger: BALANCE_TOPPED_UP
    actions: [{{type: ADD_BONUS, formula: "{amount}"}}]
"""
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def text(version: str, percent: int, amount: int = 1) -> str:
    return SET.format(version=version, percent=percent, amount=amount)


def pushed(
    version: str, percent: int, at: str, amount: int = 1, *, is_back: bool = False
) -> HistoryRecord:
    source = text(version, percent, amount)
    checked = load_rule_set(source, "x")
    who = Pushed("ann", f"to {percent}", at, None, is_back)
    return HistoryRecord("izi", version, checked.content_hash, "izi", source, who)


FIRST = pushed("1", 5, "2026-10-01T10:00:00+00:00")


@pytest.mark.parametrize(
    ("later", "percent", "warned"),
    [
        pytest.param([], 6, None, id="the-first-change"),
        pytest.param([("2", 6, "2026-11-10T12:00:00+00:00", 1)], 7, "to 6", id="12-days-ago"),
        pytest.param([("2", 6, "2026-11-08T12:00:00+00:00", 1)], 7, None, id="14-days-ago"),
        pytest.param(
            [("2", 6, "2026-11-10T12:00:00+00:00", 1), ("3", 8, "2026-11-10T12:00:00+00:00", 1)],
            7,
            "to 8",
            id="the-later-of-one-second",
        ),
        pytest.param([("2", 6, "2026-11-10T12:00:00+00:00", 1)], 6, None, id="tiers-stay"),
        pytest.param([("2", 5, "2026-11-20T12:00:00+00:00", 9)], 7, None, id="a-rule-changed"),
    ],
)
def test_two_changes_of_tiers_within_two_weeks(
    later: list[tuple[str, int, str, int]], percent: int, warned: str | None
) -> None:
    pushes = [FIRST, *(pushed(*each) for each in later)]
    found = recent_change_of_tiers(pushes, load_rule_set(text("9", percent, 3), "x"), NOW)
    assert (None if found is None else found.reason) == warned


def catalog(live: HistoryRecord, *pushes: HistoryRecord) -> Catalog:
    record = InputRecord("loyalty.rules", 0, 0, 0, b"izi", live.text.encode())
    return Catalog(live_sets([record]), pushes, (), frozenset())


def test_a_rollback_goes_to_the_push_before_the_live_one_or_to_the_named_one() -> None:
    second = pushed("2", 6, "2026-10-02T10:00:00+00:00")
    third = pushed("3", 7, "2026-10-03T10:00:00+00:00")
    there = catalog(third, FIRST, second, third)
    assert earlier_push(there, "izi", None) is second
    assert earlier_push(there, "izi", "1") is FIRST
    assert earlier_push(there, "izi", FIRST.content_hash[:8]) is FIRST
    with pytest.raises(Misconfigured, match=r"no such earlier set of izi: 7.*Pushed were: 1 \("):
        earlier_push(there, "izi", "7")
    with pytest.raises(Misconfigured, match="Nothing was ever pushed"):
        earlier_push(there, "pro", None)


AT = "2026-10-03T10:00:00+00:00"


@pytest.mark.parametrize(
    ("pushes", "goes_to"),
    [
        pytest.param("1 2 3", "2", id="the-last-push-is-undone"),
        pytest.param("1 2 3 <2", "1", id="a-second-time-goes-further-back"),
        pytest.param("1 2 3 <2 <1", None, id="and-never-forward-again"),
        pytest.param("1 2 3 <2 4", "2", id="a-push-after-it-is-undone-to-where-it-led"),
        pytest.param("1 2 3 <1 4 <1", None, id="over-several"),
        pytest.param("1 2 <1 <2", "1", id="by-name-to-one-that-was-undone"),
        pytest.param("1 2 1", "2", id="an-old-set-that-was-pushed-is-a-push"),
        pytest.param("1 2 2", "1", id="the-live-set-again-is-no-way-back"),
    ],
)
def test_rollbacks_in_a_row(pushes: str, goes_to: str | None) -> None:
    """`<`: a rollback led there."""
    done = [
        pushed(each.strip("<"), int(each.strip("<")), AT, is_back="<" in each)
        for each in pushes.split()
    ]
    there = catalog(done[-1], *done)
    if goes_to is None:
        with pytest.raises(Misconfigured, match=r"none before the live one\. Pushed were: 1 \("):
            earlier_push(there, "izi", None)
    else:
        assert earlier_push(there, "izi", None).version == goes_to


def test_a_live_set_that_nobody_pushed_goes_back_to_the_last_push() -> None:
    by_hand = pushed("9", 9, AT)
    second = pushed("2", 6, AT)
    assert earlier_push(catalog(by_hand, FIRST, second), "izi", None) is second
