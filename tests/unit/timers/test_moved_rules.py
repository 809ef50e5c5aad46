"""A rule that an author moves to another hour or another number of days: for one visit, birthday or
lapse day it fires once, whenever that is."""

from datetime import datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from rules_engine.account.packed import with_credit
from rules_engine.author.load import load_rule_set
from rules_engine.books.around import ALONE
from rules_engine.budgets.port import NoBudgets
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.timers.due import Due, Rank, client_key
from rules_engine.timers.ring import ring

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - {{id: gift, name: Gift, trigger: BIRTHDAY, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "7"}}]}}
"""
KEY = client_key("izi", "c-1")
EXPIRING = Rank.BONUS_EXPIRING


def rule_set(at: str) -> CompiledRuleSet:
    return compile_rule_set(load_rule_set(RULES.format(at=at), "rules.yaml"))


def rings(client: ClientState, day: str, at: str) -> tuple[ClientState, int]:
    """The client after the rule at that hour was due on a day, and how many credits it gave."""
    instant = int(datetime.fromisoformat(f"{day}T{at}:00+03:00").timestamp()) * 1_000_000
    due = Due(instant, Rank.BIRTHDAY, KEY)
    outcome = ring(rule_set(at), client, due, NoBudgets(), ALONE)
    return outcome.client, len(outcome.commands)


@pytest.mark.parametrize("later", ["10:01", "18:00", "23:59"])
def test_a_later_hour_of_the_same_day_does_not_ring_again(later: str) -> None:
    client, credits_ = rings(ClientState(birthday="1990-03-19"), "2026-03-19", "10:00")
    assert credits_ == 1
    again, credits_ = rings(client, "2026-03-19", later)
    assert (again, credits_) == (client, 0)


def test_the_next_birthday_rings() -> None:
    client, _ = rings(ClientState(birthday="1990-03-19"), "2026-03-19", "18:00")
    assert rings(client, "2027-03-19", "10:00")[1] == 1


MOVED = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - {{id: soon, name: Soon, trigger: BONUS_EXPIRING, before: {{days: {before}}},
     actions: [{{type: ADD_BONUS, formula: "7"}}]}}
  - {{id: miss, name: Miss, trigger: CLIENT_ABSENT, after: {{days: {after}}},
     actions: [{{type: ADD_BONUS, formula: "5"}}]}}
"""


def moscow(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}:00+03:00").timestamp()) * 1_000_000


def with_lapses(*days: str) -> ClientState:
    """Batches of 50 that lapse at noon of these days."""
    account, lapses_at = b"", None
    for number, day in enumerate(days):
        ends = moscow(f"{day}T12:00")
        lapses_at = ends if lapses_at is None else min(lapses_at, ends)
        one = bytes([number]) * 16
        account, _ = with_credit(account, 0, one, Decimal(50), ends, ((), ()), "r", None)
    return ClientState(account=account, lapses_at=lapses_at, last_club="club-1")


def credits_at(client: ClientState, rank: Rank, day: str, **days: int) -> tuple[ClientState, int]:
    text = MOVED.format(**{"before": 3, "after": 14, **days})
    moved = compile_rule_set(load_rule_set(text, "rules.yaml"))
    due = Due(moscow(f"{day}T10:00"), rank, KEY)
    outcome = ring(moved, client, due, NoBudgets(), ALONE)
    return outcome.client, len(outcome.commands)


def test_a_lapse_day_is_announced_once_though_the_days_before_it_were_lowered() -> None:
    """The 11th: announced on the 8th with 3 days, so not on the 9th with 2. The 12th is."""
    client, told = credits_at(with_lapses("2026-03-11", "2026-03-12"), EXPIRING, "2026-03-08")
    assert told == 1
    client, told = credits_at(client, EXPIRING, "2026-03-09", before=2)
    assert told == 0
    assert credits_at(client, EXPIRING, "2026-03-10", before=2)[1] == 1


def test_a_lapse_day_that_was_passed_over_is_still_announced() -> None:
    """Raised to 5 days the 14th was announced on the 9th; lowered again, the 12th is on the 10th,
    for the first time, and the 14th on the 12th is not again."""
    client, told = credits_at(
        with_lapses("2026-03-12", "2026-03-14"), EXPIRING, "2026-03-09", before=5
    )
    assert told == 1
    client, told = credits_at(client, EXPIRING, "2026-03-10", before=2)
    assert told == 1
    assert credits_at(client, EXPIRING, "2026-03-12", before=2)[1] == 0


def test_one_absence_is_paid_once_though_its_length_was_raised() -> None:
    """Last seen on 1 March: paid on the 15th, so not on the 21st; after another visit it is."""
    client = ClientState(last_visit_at=moscow("2026-03-01T18:00"), last_club="club-1")
    client, paid = credits_at(client, Rank.CLIENT_ABSENT, "2026-03-15")
    assert paid == 1
    assert credits_at(client, Rank.CLIENT_ABSENT, "2026-03-21", after=20)[1] == 0
    seen = replace(client, last_visit_at=moscow("2026-03-16T18:00"))
    assert credits_at(seen, Rank.CLIENT_ABSENT, "2026-04-05", after=20)[1] == 1
