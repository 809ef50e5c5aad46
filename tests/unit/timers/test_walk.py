"""The walk, step by step: where it may stop, and what it makes of what passed it by."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from rules_engine.books.around import Around
from rules_engine.budgets.port import BudgetKey, Need, Verdict, WholeBudgets
from rules_engine.client import ClientState, GroupEnd
from rules_engine.compile import CompiledRuleSet
from rules_engine.timers.dates import NEVER
from rules_engine.timers.due import Due, Position, Rank, client_key, split_client_key
from rules_engine.timers.facts import facts_of, next_state_driven
from rules_engine.timers.held import HeldCandidates, HeldClients
from rules_engine.timers.walk import TimerWalk
from schemas.instants import DAY_US, parse_instant
from tests.unit.timers.told import Told

ABSENT = """
rules:
  - id: miss
    trigger: CLIENT_ABSENT
    after: {days: 14}
    actions: [{type: ADD_BONUS, formula: "50", expiresInDays: 1}]
"""
GRACE_US = 120_000_000


def at(text: str) -> int:
    return parse_instant(f"{text}+03:00")


def visited(text: str) -> ClientState:
    return ClientState(last_visit_at=at(text), last_club="club-1", latest_at=at(text))


class Short:
    """Nobody knows yet."""

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict:
        return Verdict.SHORT

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        raise AssertionError


class World:
    """Clients as they were left behind, and a walk from a position on."""

    def __init__(
        self,
        rules: str,
        clients: dict[str, ClientState],
        position: str | Position | None,
        bound: int = NEVER,
    ) -> None:
        compiled = Told(rules).compiled
        self.clients, self.candidates = HeldClients(), HeldCandidates(GRACE_US)
        for name, client in clients.items():
            key = client_key("izi", name)
            self.clients.put(key, client)
            for entry in facts_of(client):
                self.candidates.add(key, entry)
            wake = next_state_driven(client, GRACE_US)
            if wake is not None:
                self.candidates.wake(wake, key)
        if isinstance(position, str):
            position = Position(at(position))
        self.walk = self.begin({"izi": compiled}, position, bound)

    def begin(
        self, rules: dict[str, CompiledRuleSet], position: Position | None, bound: int = NEVER
    ) -> TimerWalk:
        around = Around(lapse_grace_us=GRACE_US)
        return TimerWalk(rules, self.clients, self.candidates, position, around, bound)

    def take_all(self, until: str, most: int = 100) -> list[tuple[str, str, list[str]]]:
        """(kind, client, types of commands and records) of up to `most` units."""
        clock, taken = at(until), list[tuple[str, str, list[str]]]()
        while len(taken) < most and (due := self.walk.next_due(clock)) is not None:
            assert self.walk.next_due(clock) == due
            outcome = self.walk.take(due, WholeBudgets()).outcome
            effects = [command.type for command in outcome.commands]
            effects += [record.type for record in outcome.journal]
            taken.append((Rank(due.rank).name, split_client_key(due.key)[1], effects))
        else:
            if len(taken) < most:
                self.walk.arrive(clock)
        return taken


CREDITED = ["ADD_BONUS", "BONUS_CREDIT"]


def test_a_new_rule_reaches_whom_it_is_still_to_come_for_and_pays_nobody_whose_day_is_past() -> (
    None
):
    """The rule is new on 15 November at noon. 14 days after the 1st was that day at ten."""
    world = World(
        ABSENT,
        {
            "anna": visited("2026-11-01T18:00:00"),
            "boris": visited("2026-11-02T00:00:00"),
            "clara": visited("2026-10-01T00:00:00"),
        },
        "2026-11-15T12:00:00",
    )
    assert world.take_all("2026-12-31T00:00:00") == [
        ("CLIENT_ABSENT", "boris", CREDITED),
        ("LAPSE", "boris", ["BONUS_EXPIRY"]),
    ]


def test_it_goes_on_after_every_unit_where_it_stopped() -> None:
    names = ["anna", "boris", "clara", "dima"]
    clients = dict.fromkeys(names, visited("2026-11-01T18:00:00"))
    whole = World(ABSENT, clients, "2026-11-14T00:00:00").take_all("2026-11-20T00:00:00")
    assert [name for kind, name, _ in whole] == names * 2
    for stop in range(1, len(whole)):
        world = World(ABSENT, clients, "2026-11-14T00:00:00")
        first = world.take_all("2026-11-20T00:00:00", stop)
        position = world.walk.position
        assert position is not None
        assert position.timer is not None
        rules = {"izi": Told(ABSENT).compiled}
        for name in names:  # a new walk finds its candidates anew
            client = world.clients.get(client_key("izi", name))
            assert client is not None
            wake = next_state_driven(client, GRACE_US)
            if wake is not None:
                world.candidates.wake(wake, client_key("izi", name))
        world.walk = world.begin(rules, position)
        assert first + world.take_all("2026-11-20T00:00:00") == whole


def test_the_position_after_units_and_after_arriving() -> None:
    world = World(ABSENT, {"anna": visited("2026-11-01T18:00:00")}, "2026-11-14T12:00:00")
    ten = at("2026-11-15T10:00:00")
    due = Due(ten, Rank.CLIENT_ABSENT, client_key("izi", "anna"))
    assert world.walk.is_idle(ten - 1)
    assert not world.walk.is_idle(ten)
    assert world.walk.next_due(ten - 1) is None
    assert world.walk.next_due(ten) == due
    assert world.walk.take(due, WholeBudgets()).due == due
    assert world.walk.position == Position(ten, due)
    assert world.walk.next_due(ten) is None
    world.walk.arrive(ten)
    assert world.walk.position == Position(ten)
    world.walk.arrive(ten - DAY_US)
    assert world.walk.position == Position(ten)


def test_a_walk_without_a_position_begins_where_it_arrives() -> None:
    world = World(ABSENT, {"anna": visited("2026-11-01T18:00:00")}, None)
    assert world.walk.next_due(at("2026-11-15T10:00:00")) is None
    world.walk.arrive(at("2026-11-15T09:00:00"))
    assert world.take_all("2026-11-15T10:00:00") == [("CLIENT_ABSENT", "anna", CREDITED)]


def test_a_short_budget_stops_it_and_nothing_has_happened() -> None:
    rules = f"limits: {{budget: {{amountMajor: 100, per: DAY}}}}\n{ABSENT}"
    client = visited("2026-11-01T18:00:00")
    world = World(rules, {"anna": client}, "2026-11-14T00:00:00")
    due = world.walk.next_due(at("2026-11-16T00:00:00"))
    assert due is not None
    rung = world.walk.take(due, Short())
    assert rung.outcome.short
    assert (rung.outcome.client, world.clients.get(due.key)) == (client, client)
    assert world.walk.position == Position(at("2026-11-14T00:00:00"))
    assert world.take_all("2026-11-16T00:00:00") == [("CLIENT_ABSENT", "anna", CREDITED)]


def test_a_lapse_waits_for_its_grace_and_is_dated_at_its_instant() -> None:
    rules = """
rules:
  - {id: gone, trigger: BONUS_EXPIRED, actions: [{type: ASSIGN_GROUP, groupId: g}]}
"""
    told = Told(rules, "2026-11-01 12:00 anna redeems 5 for 1 days")
    [simulated] = told.simulated()
    assert simulated.outcome is not None
    world = World(rules, {"anna": simulated.outcome.client}, "2026-11-02T12:00:00")
    over = at("2026-11-02T12:00:00")
    assert world.walk.next_due(over + GRACE_US - 1) is None
    due = world.walk.next_due(over + GRACE_US)
    assert due == Due(over + GRACE_US, Rank.LAPSE, client_key("izi", "anna"))
    [record] = world.walk.take(due, WholeBudgets()).outcome.journal
    assert record.occurred_at == "2026-11-02T09:00:00+00:00"
    due = world.walk.next_due(over + GRACE_US)
    assert due == Due(over + GRACE_US, Rank.BONUS_EXPIRED, client_key("izi", "anna"))
    [command] = world.walk.take(due, WholeBudgets()).outcome.commands
    assert command.issued_at == "2026-11-02T09:00:00+00:00"
    assert command.caused_by.event_id == "timer:BONUS_EXPIRED:gone:anna:2026-11-02T09:00:00+00:00"
    client = world.clients.get(due.key)
    assert client is not None
    assert (client.lapsed, client.lapses_at) == ((), None)


def test_what_passed_unnoticed_is_carried_out_just_after_the_position() -> None:
    """As when an organization's rules were away: in order, kind by kind, then everything else."""
    ended = ClientState(
        ends=(GroupEnd(5, "b", b"1" * 16, "r", 0), GroupEnd(4, "a", b"2" * 16, "r", 1))
    )
    clients = {
        "boris": ended,
        "anna": replace(ended, last_visit_at=at("2026-11-01T18:00:00")),
        "clara": visited("2026-11-01T18:00:00"),
    }
    world = World(ABSENT, clients, "2026-11-15T09:00:00")
    just_after = at("2026-11-15T09:00:00") + 1
    assert world.walk.next_due(just_after - 1) is None
    assert world.walk.next_due(just_after) == Due(just_after, 1, client_key("izi", "anna"))
    out = ["UNASSIGN_GROUP", "UNASSIGN_GROUP"]
    assert world.take_all("2026-11-15T10:00:00") == [
        ("GROUP_EXPIRY", "anna", out),
        ("GROUP_EXPIRY", "boris", out),
        ("CLIENT_ABSENT", "anna", CREDITED),
        ("CLIENT_ABSENT", "clara", CREDITED),
    ]


def test_without_rules_an_organization_has_no_timers() -> None:
    world = World(ABSENT, {"anna": visited("2026-11-01T18:00:00")}, "2026-11-14T00:00:00")
    world.clients.put("other\x1fanna", ClientState(ends=(GroupEnd(5, "b", b"1" * 16, "r", 0),)))
    world.candidates.wake(5, "other\x1fanna")
    world.walk = world.begin({}, Position(at("2026-11-14T00:00:00")))
    assert world.take_all("2026-12-31T00:00:00") == []


def test_two_organizations_meet_at_one_instant_in_the_order_of_their_keys() -> None:
    world = World(ABSENT, {"b": visited("2026-11-01T18:00:00")}, "2026-11-14T00:00:00")
    ours = Told(ABSENT).compiled
    theirs = Told(HEAD + ABSENT).compiled
    assert theirs.organization_id == "aaa"
    key = client_key("aaa", "z")
    world.clients.put(key, visited("2026-11-01T18:00:00"))
    world.candidates.changed(key, None, visited("2026-11-01T18:00:00"))
    world.walk = world.begin({"izi": ours, "aaa": theirs}, Position(at("2026-11-14T00:00:00")))
    assert [name for _, name, _ in world.take_all("2026-11-15T10:00:00")] == ["z", "b"]


HEAD = """
organizationId: aaa
version: "1"
timeZone: Europe/Moscow
currency: RUB
"""


def test_the_rules_of_the_moment_are_asked_though_a_lapse_was_noted_under_others() -> None:
    """A lapse that a rule was to be told of, and the rule is gone: nothing rings, nothing stays."""
    client = ClientState(lapsed=((at("2026-11-02T12:00:00"), Decimal(5)),))
    world = World(ABSENT, {"anna": client}, "2026-11-02T12:00:00")
    assert world.take_all("2026-11-03T00:00:00") == [("BONUS_EXPIRED", "anna", [])]
    assert world.clients.get(client_key("izi", "anna")) == ClientState()


@pytest.mark.parametrize("bound", ["2026-11-15T09:59:59", "2026-11-15T10:00:00"])
def test_changes_that_cannot_matter_before_the_bound_are_not_even_indexed(bound: str) -> None:
    world = World(ABSENT, {}, "2026-11-14T00:00:00", at(bound))
    key, client = client_key("izi", "anna"), visited("2026-11-01T18:00:00")
    world.clients.put(key, client)
    world.walk.changed(key, None, client)
    taken = world.take_all(bound)
    assert taken == ([("CLIENT_ABSENT", "anna", CREDITED)] if bound.endswith("10:00:00") else [])


def test_stale_candidates_are_passed_over() -> None:
    """An index may hold too much: who visited since, who is not known, whose lapse has moved."""
    world = World(ABSENT, {"anna": visited("2026-11-01T18:00:00")}, "2026-11-14T00:00:00")
    for name in ("anna", "nobody"):
        world.candidates.wake(at("2026-11-14T12:00:00"), client_key("izi", name))
    world.clients.put(client_key("izi", "anna"), visited("2026-11-14T18:00:00"))
    assert world.take_all("2026-11-20T00:00:00") == []
