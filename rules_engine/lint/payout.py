"""A greatest payout, how far lint looks for one, and what events are really credited."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.checked import AddBonusAction, Amount, CheckedRule, CheckedRuleSet
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.boxes import Box
from rules_engine.simulate import simulate
from rules_engine.timers.due import Rank
from schemas.wire import AddBonus

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Assumed:
    """How far lint looks: no amount of money above `largest_major` or finer than the currency, of
    the event or of the client; no count and no number of days above `most_times`, but those of a
    timer; events from `since` on (microseconds since the epoch)."""

    since: int
    largest_major: Decimal = Decimal(10_000)
    most_times: int = 1_000


@dataclass(frozen=True)
class Place:
    """Where an event was found: the greatest numbers of the box, of the names in `low` the
    least; `amount`: another one than these (`witness.amount_of`)."""

    box: Box
    low: frozenset[str]
    amount: int | None = None


@dataclass(frozen=True)
class Payout:
    """The greatest payout of one trigger.

    `at_most`: no event credits more, and of a timer all rules that ring at one instant together.
    `reached`: what the last event of `lines` gets from `simulate`, or the client in them when the
    timer rings at the instant `until`, credited by `rules`; the same, unless the search was given
    up. `grows`: an event of twice that amount would get more. `place`: where it was found. `why`:
    why less than `at_most` is reached, empty where it is not.
    """

    trigger: str
    at_most: Decimal
    reached: Decimal
    rules: tuple[str, ...] = ()
    lines: tuple[bytes, ...] = ()
    grows: bool = False
    until: int | None = None
    place: Place | None = None
    why: str = ""


def rules_from(rule_set: CheckedRuleSet, now: int) -> list[CheckedRule]:
    """The rules that are on and whose validity is not over."""
    return [
        rule
        for rule in rule_set.rules
        if rule.enabled and (rule.valid_until is None or rule.valid_until > now)
    ]


def pays(rule: CheckedRule) -> bool:
    return any(isinstance(action, AddBonusAction) for action in rule.actions)


def credited_by(
    compiled: CompiledRuleSet, lines: Sequence[bytes], trigger: str = "", until: int | None = None
) -> tuple[Decimal, tuple[str, ...]]:
    """What the last of these lines is credited, or the client in them when the timer of this
    trigger rings at the instant `until`; and by which rules."""
    taken = simulate(compiled, lines, until)
    if until is None:
        outcome = list(taken)[-1].outcome
    else:
        rungs = (each.rung for each in taken if each.rung is not None and each.clock == until)
        outcome = next(
            (each.outcome for each in rungs if Rank(each.due.rank).name == trigger), None
        )
    commands = () if outcome is None else outcome.commands
    credits_ = [each for each in commands if isinstance(each, AddBonus)]
    total = sum((Decimal(each.amount_major) for each in credits_), _ZERO)
    return total, tuple(dict.fromkeys(each.rule_id for each in credits_))


def least_of(amount: Decimal, limit: Amount | None) -> Decimal:
    """The amount, or the limit where that is less."""
    return amount if limit is None else min(amount, limit.amount_major)
