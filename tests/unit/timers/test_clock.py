"""The clock of timers: a dead letter does not move it, so it lets no timer ring."""

import json

from msgspec.structs import replace

from tests.unit.timers.stories import ABSENT, BIRTHDAY
from tests.unit.timers.told import Told

FIRST = "2026-11-01 18:00 anna visits #one"


def after_a_visit(*later: str) -> Told:
    return Told(ABSENT, "\n".join((FIRST, *later)))


def test_an_event_id_reused_moves_no_clock() -> None:
    told = after_a_visit("2026-12-01 18:00 anna tops up 5 #one")
    assert told.effects() == []


def test_a_line_that_cannot_be_read_moves_no_clock() -> None:
    told = after_a_visit()
    told.lines.append(b'{"occurredAt": "2026-12-01T18:00:00+03:00"}')
    assert told.effects() == []


def test_a_payment_id_reused_moves_no_clock() -> None:
    told = after_a_visit(
        "2026-11-02 18:00 anna pays 1 with bonuses",
        "2026-12-01 18:00 anna pays 2 with bonuses",
    )
    first, second = (json.loads(line) for line in told.lines[1:])
    told.lines[2] = json.dumps(second | {"paymentId": first["paymentId"]}).encode()
    assert told.effects() == []


def test_an_event_of_another_organization_moves_it() -> None:
    told = after_a_visit("2026-12-01 18:00 anna visits")
    told.lines[1] = told.lines[1].replace(b'"izi"', b'"other"')
    assert told.effects() == ["2026-11-15 10:00 anna +50.00 by miss"]


def test_before_the_first_event_nothing_rings() -> None:
    assert Told(ABSENT).effects("2026-12-01 00:00") == []


def test_an_end_before_the_last_event_changes_nothing() -> None:
    told = after_a_visit("2026-12-01 18:00 boris visits")
    assert told.effects("2026-11-03 00:00") == ["2026-11-15 10:00 anna +50.00 by miss"]


def test_timers_are_not_remembered_and_count_nothing() -> None:
    told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-11-20")
    first, rung = told.simulated("2026-11-20 10:00")
    assert first.outcome is not None
    assert rung.outcome is not None
    before, after = first.outcome.client, rung.outcome.client
    assert after.counters.fact_days == {"gift": (20_777,)}  # 2026-11-20
    same = {"account": before.account, "lapses_at": before.lapses_at}
    assert replace(after, **same, counted=before.counted) == before


def test_a_far_end_is_reached() -> None:
    """A jump over a hundred years: the gift of every year."""
    told = Told(BIRTHDAY, "2026-11-01 12:00 anna was born on 2000-02-29")
    assert len(told.effects("2126-11-01 12:00")) == 100
