"""What the rules of one event are charged with, in priority order, and what that refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from rules_engine.budgets.port import Need, budget_key
from rules_engine.calendar import period_ordinal
from rules_engine.checked import CheckedRule, Period, RuleLimits, SetLimits
from rules_engine.client import ClientState
from rules_engine.counters import (
    NO_COUNTERS,
    PeriodAmounts,
    PeriodCounts,
    pack_counters,
    unpack_counters,
)
from rules_engine.limits import NOTHING, amassed, counted, with_amount, with_count
from rules_engine.outcome import Reason


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What one rule asks of the client's past before it fires.

    `counters`: key in `limit_counts`, period, and how often at most.
    """

    rule_id: str
    counters: tuple[tuple[str, Period, int], ...]
    cooldown_us: int | None


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """A budget that the rule's credits are paid from. `rule_id` empty: the set's."""

    rule_id: str
    limit: Decimal
    per: Period


def client_limits(rule_id: str, limits: RuleLimits) -> ClientLimits | None:
    """None for a rule that may fire at every event."""
    if not limits.per_client and limits.cooldown_us is None:
        return None
    counters = tuple(
        (limit_key(rule_id, each.per), each.per, each.times) for each in limits.per_client
    )
    return ClientLimits(rule_id, counters, limits.cooldown_us)


def budgets_of(rule: CheckedRule, limits: SetLimits) -> tuple[BudgetPlan, ...]:
    """The rule's own budget, then the set's."""
    both = ((rule.id, rule.limits.budget), ("", limits.budget))
    return tuple(
        BudgetPlan(rule_id, budget.amount_major, budget.per)
        for rule_id, budget in both
        if budget is not None
    )


def limit_key(rule_id: str, per: Period) -> str:
    """The name of a rule's counter in the client's state."""
    return f"{rule_id}\x1f{per.value}"


class Ledger:
    """The client's counters while rules are charged. Dicts of the client's state are never
    changed in place: a charge puts a new one in their stead.

    `at`: the event's instant; `day`: its local day, by which every period is found.
    """

    __slots__ = (
        "_at",
        "_before",
        "_day",
        "_limits",
        "credited",
        "firings",
        "is_charged",
        "limit_counts",
        "pushed",
    )

    def __init__(self, client: ClientState, limits: SetLimits, at: int, day: int) -> None:
        counters = unpack_counters(client.counted) if client.counted else NO_COUNTERS
        self._before = counters
        self.firings: Mapping[str, int] = counters.firings
        self.limit_counts: Mapping[str, PeriodCounts] = counters.limit_counts
        self.credited: Mapping[str, PeriodAmounts] = counters.credited
        self.pushed: Mapping[str, PeriodCounts] = counters.pushed
        self.is_charged = False
        self._limits = limits
        self._at = at
        self._day = day

    def refusal(self, limits: ClientLimits | None, credit: Decimal) -> Reason | None:
        """Why a rule may not fire: its own limits first, then the set's credit per client.

        `credit`: all credits of the rule together; a rule without one asks no money limit.
        """
        if limits is not None:
            if self._is_used_up(limits):
                return Reason.LIMIT_PER_CLIENT
            if self._is_cooling(limits):
                return Reason.COOLDOWN
        return None if self._has_room(credit) else Reason.CLIENT_CREDIT

    def _is_used_up(self, limits: ClientLimits) -> bool:
        for key, per, times in limits.counters:
            count = counted(self.limit_counts.get(key, ()), period_ordinal(per, self._day))
            if count is None or count >= times:
                return True
        return False

    def _is_cooling(self, limits: ClientLimits) -> bool:
        """Elapsed time from the latest firing; over at exactly that instant."""
        latest = self.firings.get(limits.rule_id)
        if limits.cooldown_us is None or latest is None:
            return False
        return self._at - latest < limits.cooldown_us

    def _has_room(self, credit: Decimal) -> bool:
        most = self._limits.per_client_credit
        if most is None or credit <= NOTHING:
            return True
        before = amassed(self.credited.get(most.per, ()), period_ordinal(most.per, self._day))
        return before is not None and before + credit <= most.amount_major

    def needs(
        self, organization_id: str, budgets: tuple[BudgetPlan, ...], credit: Decimal
    ) -> list[Need]:
        """What the credits of a rule ask of its budgets, in the periods of the event's day."""
        return [
            Need(
                budget_key(
                    organization_id,
                    each.rule_id,
                    each.per.value,
                    period_ordinal(each.per, self._day),
                ),
                credit,
                each.limit,
            )
            for each in budgets
        ]

    def may_push(self, pushes: int) -> bool:
        """Is there room for one more push, after `pushes` that this rule is about to emit?"""
        most = self._limits.push
        if most is None or most.times is None:
            return True
        before = counted(self.pushed.get(most.per, ()), period_ordinal(most.per, self._day))
        return before is not None and before + pushes < most.times

    def charge(self, limits: ClientLimits | None, credit: Decimal, pushes: int) -> None:
        """The rule has fired: it emitted at least one command."""
        self.is_charged = True
        if limits is not None:
            self._charge_rule(limits)
        most = self._limits.per_client_credit
        if most is not None and credit > NOTHING:
            ordinal = period_ordinal(most.per, self._day)
            amounts = with_amount(self.credited.get(most.per, ()), ordinal, credit)
            self.credited = {**self.credited, most.per.value: amounts}
        push = self._limits.push
        if push is not None and push.times is not None and pushes:
            ordinal = period_ordinal(push.per, self._day)
            counts = with_count(self.pushed.get(push.per, ()), ordinal, pushes)
            self.pushed = {**self.pushed, push.per.value: counts}

    def _charge_rule(self, limits: ClientLimits) -> None:
        counts = {
            key: with_count(self.limit_counts.get(key, ()), period_ordinal(per, self._day), 1)
            for key, per, _ in limits.counters
        }
        if counts:
            self.limit_counts = {**self.limit_counts, **counts}
        if limits.cooldown_us is not None:
            latest = max(self._at, self.firings.get(limits.rule_id, self._at))
            self.firings = {**self.firings, limits.rule_id: latest}

    def charged(self, client: ClientState) -> ClientState:
        """The client's state with these counters in it."""
        if not self.is_charged:
            return client
        counters = replace(
            self._before,
            firings=self.firings,
            limit_counts=self.limit_counts,
            credited=self.credited,
            pushed=self.pushed,
        )
        return replace(client, counted=pack_counters(counters))
