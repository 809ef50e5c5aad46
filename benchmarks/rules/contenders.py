"""Three ways to evaluate the same rules, and a fourth that looks at its candidates only.

Each takes events and yields the firings of every event: (rule, amount). Each follows the counters
of the clients. Beyond that the generated code does everything that the worker does with an event
between decoding and packing: it finds repeats, remembers the event, and makes whole commands.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from asteval import Interpreter

from benchmarks.rules.book import TIME_ZONE
from benchmarks.rules.traffic import Past
from benchmarks.workload.render import ATTRIBUTES, lambda_source
from benchmarks.workload.rules import Rule
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.evaluate import apply_event, evaluating
from rules_engine.outcome import Origin, Outcome
from rules_engine.units import to_units
from schemas.decoded import BalanceToppedUp, Event, PaymentMade, VisitStarted
from schemas.wire import AddBonus

Firing = tuple[str, str]
"""(rule id, amount with two decimals)"""

ZONE = ZoneInfo(TIME_ZONE)
CENT = Decimal("0.01")


class Contender(Protocol):
    """`run` is timed; `firings` makes of what it returned what all contenders are compared by."""

    def run(self, events: Sequence[Event]) -> Sequence[Any]: ...

    def firings(self, results: Sequence[Any]) -> list[tuple[Firing, ...]]: ...


class Compiled:
    """This engine; with None for a rule set it keeps the state only."""

    def __init__(self, rule_set: CompiledRuleSet | None, pasts: Mapping[str, Past]) -> None:
        self._rule_set = rule_set
        self._clients = {
            client: ClientState(
                topup_units=to_units(past.topup_total),
                topup_count=past.topup_count,
                spent_units=to_units(past.spent_total),
                visit_count=past.visit_count,
            )
            for client, past in pasts.items()
        }

    def run(self, events: Sequence[Event]) -> list[Outcome]:
        clients, rule_set, outcomes = self._clients, self._rule_set, []
        origin = Origin("loyalty.topups", 0, 0)
        with evaluating():
            for event in events:
                outcome = apply_event(rule_set, clients[event.client_id], event, origin)
                clients[event.client_id] = outcome.client
                outcomes.append(outcome)
        return outcomes

    def firings(self, results: Sequence[Outcome]) -> list[tuple[Firing, ...]]:
        return [
            tuple(
                (command.rule_id, command.amount_major)
                for command in outcome.commands
                if isinstance(command, AddBonus)
            )
            for outcome in results
        ]


@dataclass(slots=True)
class Counters:
    """A client as one would keep it by hand."""

    topup_count: int
    total_topup_major: Decimal
    total_spent_major: Decimal
    visit_count: int

    def count(self, event: Event) -> None:
        if isinstance(event, BalanceToppedUp):
            self.topup_count += 1
            self.total_topup_major += event.topup_amount_major
        elif isinstance(event, VisitStarted):
            self.visit_count += 1
        elif isinstance(event, PaymentMade):
            self.total_spent_major += event.total_amount_major


def counters(pasts: Mapping[str, Past]) -> dict[str, Counters]:
    return {
        client: Counters(past.topup_count, past.topup_total, past.spent_total, past.visit_count)
        for client, past in pasts.items()
    }


def whole_condition(rule: Rule) -> str:
    """Everything that decides about a rule, what is told apart most easily first."""
    club = f"clubId == '{rule.club}' and " if rule.club else ""
    return f"{club}type == '{rule.trigger}' and {rule.when}"


@dataclass(frozen=True, slots=True)
class LambdaRule:
    id: str
    exclusive: str
    when: Callable[[Any, Any, Any], bool]
    credit: Callable[[Any, Any, Any], Any]


class Lambdas:
    """A loop over all rules, each two lambdas."""

    def __init__(self, rules: Iterable[Rule], pasts: Mapping[str, Past]) -> None:
        names = {**ATTRIBUTES, "clubId": "e.club_id", "type": "e.type"}
        self._rules = [
            LambdaRule(
                rule.id,
                rule.exclusive,
                eval(lambda_source(whole_condition(rule), names)),
                eval(lambda_source(rule.credit, names)),
            )
            for rule in rules
        ]
        self._clients = counters(pasts)

    def run(self, events: Sequence[Event]) -> list[list[Firing]]:
        results = []
        for event in events:
            client = self._clients[event.client_id]
            local = datetime.fromtimestamp(event.occurred_at / 1_000_000, ZONE)
            results.append(self._evaluate(self._candidates(event), event, client, local))
            client.count(event)
        return results

    def _candidates(self, event: Event) -> Sequence[LambdaRule]:
        return self._rules

    def _evaluate(
        self, rules: Sequence[LambdaRule], event: Event, client: Counters, local: datetime
    ) -> list[Firing]:
        held: set[str] = set()
        firings = []
        for rule in rules:
            if rule.exclusive in held or not rule.when(event, client, local):
                continue
            if rule.exclusive:
                held.add(rule.exclusive)
            amount = Decimal(rule.credit(event, client, local)).quantize(CENT, ROUND_HALF_UP)
            if amount > 0:
                firings.append((rule.id, str(amount)))
        return firings

    def firings(self, results: Sequence[list[Firing]]) -> list[tuple[Firing, ...]]:
        return [tuple(each) for each in results]


class IndexedLambdas(Lambdas):
    """The same lambdas, those of the event's trigger and club only."""

    def __init__(self, rules: Sequence[Rule], pasts: Mapping[str, Past]) -> None:
        super().__init__(rules, pasts)
        self._by_club: dict[tuple[str, str], list[LambdaRule]] = {}
        clubs = {rule.club for rule in rules}
        for rule, made in zip(rules, self._rules, strict=True):
            for club in (rule.club,) if rule.club else clubs:
                self._by_club.setdefault((rule.trigger, club), []).append(made)

    def _candidates(self, event: Event) -> Sequence[LambdaRule]:
        key = (event.type, event.club_id)
        return self._by_club.get(key) or self._by_club.get((event.type, ""), [])


@dataclass(frozen=True, slots=True)
class ParsedRule:
    id: str
    exclusive: str
    when: Any
    credit: Any


class Asteval:
    """A loop over all rules, each two expressions that asteval has parsed before."""

    def __init__(self, rules: Iterable[Rule], pasts: Mapping[str, Past]) -> None:
        self._interpreter = Interpreter(minimal=True, use_numpy=False)
        self._interpreter.symtable["percent"] = lambda amount, rate: amount * rate / 100
        parse = self._interpreter.parse
        self._rules = [
            ParsedRule(rule.id, rule.exclusive, parse(whole_condition(rule)), parse(rule.credit))
            for rule in rules
        ]
        self._clients = counters(pasts)

    def run(self, events: Sequence[Event]) -> list[list[Firing]]:
        results = []
        for event in events:
            client = self._clients[event.client_id]
            results.append(self._evaluate(event, client))
            client.count(event)
        return results

    def _evaluate(self, event: Event, client: Counters) -> list[Firing]:
        self._interpreter.symtable.update(_variables(event, client))
        run = self._interpreter.run
        held: set[str] = set()
        firings = []
        for rule in self._rules:
            if rule.exclusive in held or not run(rule.when):
                continue
            if rule.exclusive:
                held.add(rule.exclusive)
            amount = Decimal(run(rule.credit)).quantize(CENT, ROUND_HALF_UP)
            if amount > 0:
                firings.append((rule.id, str(amount)))
        return firings

    def firings(self, results: Sequence[list[Firing]]) -> list[tuple[Firing, ...]]:
        return [tuple(each) for each in results]


def _variables(event: Event, client: Counters) -> dict[str, object]:
    local = datetime.fromtimestamp(event.occurred_at / 1_000_000, ZONE)
    named = {
        "topupAmountMajor": "topup_amount_major",
        "topUpSource": "top_up_source",
        "durationMinutes": "duration_minutes",
        "totalAmountMajor": "total_amount_major",
        "productType": "product_type",
    }
    return {
        "type": event.type,
        "clubId": event.club_id,
        **{name: getattr(event, attribute, None) for name, attribute in named.items()},
        "topupCount": client.topup_count,
        "totalTopupMajor": client.total_topup_major,
        "totalSpentMajor": client.total_spent_major,
        "visitCount": client.visit_count,
        "hour": local.hour,
        "dayOfWeek": local.isoweekday(),
    }
