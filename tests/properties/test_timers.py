"""Timers under any rules and events: in one go as in pieces, whatever an index holds too much."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules_engine.account.packed import balance_of, unpack_account
from rules_engine.books.around import Around, HeldPayments
from rules_engine.budgets.port import WholeBudgets
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.evaluate import apply_event, refusal
from rules_engine.explain import explain_timer
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.due import Due, Position, client_key
from rules_engine.timers.facts import Fact, facts_of, next_state_driven
from rules_engine.timers.held import HeldCandidates
from rules_engine.timers.ports import Candidates
from rules_engine.timers.walk import TimerWalk
from schemas.decoded import Event
from tests.properties.test_engine import added_up
from tests.properties.timer_cases import HOUR_US, histories, rule_sets

COMMON = settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Everybody:
    """Holds far too much: whoever is asked for, everybody might be it."""

    def __init__(self, clients: "Clients") -> None:
        self._clients = clients

    def holders(self, organization_id: str, fact: Fact, first: int, last: int) -> Sequence[str]:
        return list(self._clients.states)

    def waking(self, until_us: int) -> Sequence[tuple[int, str]]:
        return [(until_us, key) for key in self._clients.states]

    def changed(self, key: str, before: ClientState | None, after: ClientState) -> None:
        """Nothing to keep."""


class Clients:
    """States by key."""

    def __init__(self) -> None:
        self.states: dict[str, ClientState] = {}

    def get(self, key: str) -> ClientState | None:
        return self.states.get(key)

    def put(self, key: str, client: ClientState) -> None:
        self.states[key] = client


class Index(Protocol):
    def __call__(self, clients: Clients, grace: int) -> Candidates: ...


def indexed(clients: Clients, grace: int) -> Candidates:
    """An index as it would be found: of what the states are now."""
    found = HeldCandidates(grace)
    for key, client in clients.states.items():
        for entry in facts_of(client):
            found.add(key, entry)
        wake = next_state_driven(client, grace)
        if wake is not None:
            found.wake(wake, key)
    return found


def everybody(clients: Clients, grace: int) -> Candidates:
    return Everybody(clients)


class Life:
    """A history with its timers. `stops`: after how many steps the walk is thrown away and begun
    anew from its position, again and again; `pauses`: how many more arrivals lie on every way."""

    def __init__(self, rules: CheckedRuleSet, grace: int, index: Index) -> None:
        self.rules, self.compiled = rules, compile_rule_set(rules)
        self.clients, self.payments, self.budgets = Clients(), HeldPayments(), WholeBudgets()
        self.around = Around(grace, payments=self.payments)
        self.index, self.clock = index, -(1 << 60)
        self.walk = self.begin(None)
        self.told: list[tuple[Due | str, Outcome]] = []
        self.stops, self.pauses = 0, 0

    def begin(self, position: Position | None) -> TimerWalk:
        candidates = self.index(self.clients, self.around.lapse_grace_us)
        rule_sets = {"izi": self.compiled}
        return TimerWalk(rule_sets, self.clients, candidates, position, self.around)

    def run(self, events: list[Event]) -> list[tuple[Due | str, Outcome]]:
        for offset, event in enumerate(events):
            self.take(event, Origin("loyalty.topups", 0, offset))
        self.pass_to(self.clock + 200 * HOUR_US)
        return self.told

    def take(self, event: Event, origin: Origin) -> None:
        key, clock = client_key("izi", event.client_id), max(self.clock, event.occurred_at)
        before = self.clients.get(key) or ClientState()
        if refusal(self.compiled, before, event, self.around, clock) is None:
            self.pass_to(clock)
            before = self.clients.get(key) or ClientState()
        outcome = apply_event(
            self.compiled, before, event, origin, self.budgets, self.around, clock
        )
        self.told.append((event.event_id, outcome))
        if outcome.rejected is None:
            self.clients.put(key, outcome.client)
            self.walk.changed(key, before, outcome.client)
            self.payments.keep(event, outcome.payment)

    def pass_to(self, clock: int) -> None:
        since = clock if self.walk.position is None else self.walk.position.at
        for part in range(1, self.pauses + 1):
            self._ring(since + (clock - since) * part // (self.pauses + 1))
        self._ring(clock)
        self.clock = max(self.clock, clock)

    def _ring(self, clock: int) -> None:
        while (due := self.walk.next_due(clock)) is not None:
            budgets = self.budgets.copy()
            rung = self.walk.take(due, self.budgets)
            explained = explain_timer(self.rules, rung.before, due, budgets, self.around)
            assert explained.outcome == rung.outcome
            self.told.append((due, rung.outcome))
            if self.stops and len(self.told) % self.stops == 0:
                self.walk = self.begin(self.walk.position)
        self.walk.arrive(clock)


@COMMON
@given(rule_sets(), histories(), st.sampled_from([0, HOUR_US]))
def test_it_adds_up_and_nothing_happens_twice(
    rules: CheckedRuleSet, events: list[Event], grace: int
) -> None:
    life = Life(rules, grace, indexed)
    told = life.run(events)
    dues = [name for name, _ in told if isinstance(name, Due)]
    assert all(earlier < later for earlier, later in pairwise(dues))
    balances: dict[str, Decimal] = {}
    for _, outcome in told:
        for record in outcome.journal:
            client_id = record.client_id
            balances[client_id] = added_up(balances.get(client_id, Decimal(0)), (record,))
    for key, client in life.clients.states.items():
        account, balance = unpack_account(client.account), balances.get(key[4:], Decimal(0))
        assert balance == account.balance == balance_of(client.account)
        wake = next_state_driven(client, grace)
        assert wake is None or wake > life.clock
    made = [command.command_id for _, outcome in told for command in outcome.commands]
    assert len(made) == len(set(made))
    written = [record.operation_id for _, outcome in told for record in outcome.journal]
    assert len(written) == len(set(written))


@COMMON
@given(rule_sets(), histories(), st.sampled_from([0, HOUR_US]), st.integers(1, 3))
def test_in_one_go_as_in_pieces_whatever_the_index_holds(
    rules: CheckedRuleSet, events: list[Event], grace: int, stops: int
) -> None:
    whole = Life(rules, grace, indexed).run(events)
    pieces = Life(rules, grace, indexed)
    pieces.stops, pieces.pauses = stops, 2
    assert pieces.run(events) == whole
    too_many = Life(rules, grace, everybody)
    too_many.stops = 4 - stops
    assert too_many.run(events) == whole
