"""What two rule sets make of the same events, in money: who gains, who loses, and what it costs."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from rules_engine.account.values import EXACT
from rules_engine.simulate import Simulated
from schemas.wire import AddBonus, RevokeBonus

NOTHING = Decimal(0)


@dataclass
class Outcomes:
    """What one rule set came to, timers included. Amounts: credited less revoked, in major units.
    `events` counts all lines, `dead_letters` those that were not taken; clients of other
    organizations are nobody's."""

    organization_id: str
    events: int = 0
    dead_letters: int = 0
    firings: Counter[str] = field(default_factory=Counter)
    by_rule: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_client: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    commands: Counter[str] = field(default_factory=Counter)

    def add(self, simulated: Simulated) -> None:
        outcome, event = simulated.outcome, simulated.event
        if simulated.rung is None:
            self.events += 1
            self.dead_letters += simulated.dead_letter is not None
            if outcome is None or event is None or event.organization_id != self.organization_id:
                return
            self.by_client[event.client_id] += 0
        if outcome is None:
            return
        self.firings.update(outcome.fired)
        for command in outcome.commands:
            self.commands[command.type] += 1
            if isinstance(command, AddBonus):
                self._paid(command.rule_id, command.client_id, Decimal(command.amount_major))
            elif isinstance(command, RevokeBonus):
                self._paid(command.rule_id, command.client_id, -Decimal(command.amount_major))

    def _paid(self, rule_id: str, client_id: str, amount: Decimal) -> None:
        self.by_rule[rule_id] = EXACT.add(self.by_rule[rule_id], amount)
        self.by_client[client_id] = EXACT.add(self.by_client[client_id], amount)


def outcomes_of(simulation: Iterable[Simulated], organization_id: str) -> Outcomes:
    """The sums of one simulation of a rule set of that organization."""
    outcomes = Outcomes(organization_id)
    for simulated in simulation:
        outcomes.add(simulated)
    return outcomes


@dataclass(frozen=True)
class Amounts:
    """One client or rule, or all of them, under both rule sets."""

    id: str
    before: Decimal
    after: Decimal
    firings_before: int = 0
    firings_after: int = 0

    @property
    def difference(self) -> Decimal:
        return EXACT.subtract(self.after, self.before)

    @property
    def is_changed(self) -> bool:
        return bool(self.difference) or self.firings_before != self.firings_after


@dataclass(frozen=True)
class Comparison:
    """`rules` by id; `gaining` and `losing` clients, the largest difference first, then by id;
    `same`: how many clients it is all one to. `commands`: type → how many before and after."""

    events: int
    dead_letters: int
    total: Amounts
    rules: tuple[Amounts, ...]
    gaining: tuple[Amounts, ...]
    losing: tuple[Amounts, ...]
    same: int
    commands: dict[str, tuple[int, int]]


def compare_outcomes(before: Outcomes, after: Outcomes) -> Comparison:
    """Both of the same events."""
    clients = [
        Amounts(each, before.by_client[each], after.by_client[each])
        for each in sorted({*before.by_client, *after.by_client})
    ]
    rules = tuple(
        Amounts(
            each,
            before.by_rule[each],
            after.by_rule[each],
            before.firings[each],
            after.firings[each],
        )
        for each in sorted({*before.firings, *after.firings, *before.by_rule, *after.by_rule})
    )
    by_size = sorted(clients, key=lambda each: -abs(each.difference))
    return Comparison(
        events=after.events,
        dead_letters=after.dead_letters,
        total=Amounts(
            "",
            _sum(before),
            _sum(after),
            before.firings.total(),
            after.firings.total(),
        ),
        rules=rules,
        gaining=tuple(each for each in by_size if each.difference > 0),
        losing=tuple(each for each in by_size if each.difference < 0),
        same=sum(not each.difference for each in clients),
        commands={
            kind: (before.commands[kind], after.commands[kind])
            for kind in sorted({*before.commands, *after.commands})
        },
    )


def _sum(outcomes: Outcomes) -> Decimal:
    total = NOTHING
    for amount in outcomes.by_client.values():
        total = EXACT.add(total, amount)
    return total
