"""A rule that an author moves to another hour: on one local day it rings once, whenever that is."""

from datetime import datetime

import pytest

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
