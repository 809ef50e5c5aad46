"""What is due for one client, by its own state and by the dates that rules look for."""

from collections.abc import Iterator
from typing import Any

from rules_engine.account.packed import unpack_account
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.timers.agenda import Agenda
from rules_engine.timers.due import Rank
from rules_engine.timers.judge import holds
from schemas.instants import DAY_US

AHEAD_US = 400 * DAY_US
"""A year and a month: every birthday is in it."""


def timers(client: ClientState, rules: CheckedRuleSet | None, clock: int) -> list[dict[str, Any]]:
    """In order of what is due when: `at` in microseconds. Of a rule, the next time that it is due
    if nothing happens until then. Without a rule set only what the client's own value says."""
    found = [*_own(client), *(() if rules is None else _of_rules(client, rules, clock))]
    return sorted(found, key=lambda each: (each["at"], Rank[each["timer"]]))


def _own(client: ClientState) -> Iterator[dict[str, Any]]:
    for batch in unpack_account(client.account).batches:
        if batch.expires_at is not None and batch.left:
            left = f"{batch.left:f}"
            yield _timer(Rank.LAPSE, batch.expires_at, amountMajor=left)
    for end in client.ends:
        yield _timer(Rank.GROUP_EXPIRY, end.at, groupId=end.group_id, ruleId=end.rule_id)
    for at, amount in client.lapsed:
        yield _timer(Rank.BONUS_EXPIRED, at, amountMajor=f"{amount:f}")


def _of_rules(client: ClientState, rules: CheckedRuleSet, clock: int) -> Iterator[dict[str, Any]]:
    agenda = Agenda(rules)
    told: set[str] = set()
    for due in agenda.dues(clock, clock + AHEAD_US):
        if not holds(due, client, agenda.calendar):
            continue
        for place in due.rules:
            rule_id = rules.rules[place].id
            if rule_id not in told:
                told.add(rule_id)
                yield _timer(Rank(due.rank), due.at, ruleId=rule_id)


def _timer(rank: Rank, at: int, **more: Any) -> dict[str, Any]:
    return {"timer": rank.name, "at": at, **more}
