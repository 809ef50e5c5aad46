"""The most that one client can be credited on one local day, and a day that gets there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rules_engine.checked import CheckedRuleSet
from rules_engine.compile import compile_rule_set
from rules_engine.compile.rule_set import CompiledRuleSet
from rules_engine.lint.day_bound import DayBound, day_bound
from rules_engine.lint.day_run import Days
from rules_engine.lint.day_search import MOST_EVENTS
from rules_engine.lint.day_witness import Shown, best_day
from rules_engine.lint.payout import Assumed, Payout, credited_by
from rules_engine.lint.witness import again, is_import
from rules_engine.wording import counted

_ENDLESS_SHOWN = 6
_NAMED = 4
_ZERO = Decimal(0)


@dataclass(frozen=True)
class DayPayout:
    """`at_most`: no client is credited more on a day, less what refunds take back; None: there is
    no bound. `because`: what holds it, or what does not.

    `reached`: what `simulate` credits the client of `lines` on that day, up to the instant `until`
    where a timer rings after the last line; `events` and `timers`: how many events the lines have,
    and timers credit. `is_open`: another event would get more. `why`: why it is less than
    `at_most`, empty where it is not.
    """

    at_most: Decimal | None
    because: str
    reached: Decimal = _ZERO
    lines: tuple[bytes, ...] = ()
    is_open: bool = False
    until: int | None = None
    events: int = 0
    timers: int = 0
    why: str = ""


def greatest_day(
    rule_set: CheckedRuleSet, payouts: Sequence[Payout], assumed: Assumed
) -> DayPayout | None:
    """None for a set without credits. `payouts`: those of single events."""
    if not payouts:
        return None
    compiled = compile_rule_set(rule_set)
    bound = day_bound(rule_set, compiled, assumed)
    if bound.at_most is None:
        best = max(payouts, key=lambda payout: payout.reached)
        return _endless(Days(rule_set, compiled), compiled, bound, best)
    shown = best_day(rule_set, compiled, assumed, bound, payouts)
    return DayPayout(
        bound.at_most,
        bound.because,
        shown.total,
        shown.lines,
        shown.is_open,
        shown.until,
        shown.events,
        shown.timers,
        _why(bound, bound.at_most, shown),
    )


def _endless(days: Days, compiled: CompiledRuleSet, bound: DayBound, best: Payout) -> DayPayout:
    """The greatest event a few times over, and whether it goes on; or the timer, which rings once.
    What else rings on that day comes with it."""
    if not best.lines:
        return DayPayout(None, bound.because)
    if best.until is not None:
        return _shown(days, bound, best.lines, days.day_at(best.until))
    has_past = is_import(best.lines[0])
    first = best.lines[int(has_past)]
    past, events, is_open = best.lines[: int(has_past)], list[bytes](), True
    for number in range(_ENDLESS_SHOWN + 1):
        line = again(first, number) if number else first
        credited, _ = credited_by(compiled, [*past, *events, line])
        is_open = bool(credited)
        if not credited or number == _ENDLESS_SHOWN:
            break
        events.append(line)
    shown = _shown(days, bound, (*past, *events), days.day_of(first))
    return replace(shown, is_open=is_open, events=len(events))


def _shown(days: Days, bound: DayBound, lines: Sequence[bytes], day: int) -> DayPayout:
    got = days.run(lines, day)
    return DayPayout(
        None, bound.because, got.total, tuple(lines), until=got.until, timers=got.timers
    )


def _why(bound: DayBound, at_most: Decimal, shown: Shown) -> str:
    if shown.total >= at_most:
        return ""
    if shown.is_open:
        return f"that takes more than {counted(MOST_EVENTS, 'event')}"
    short = [rule for rule, most in bound.shares.items() if shown.by_rule.get(rule, _ZERO) < most]
    names = ", ".join(f"`{rule}`" for rule in short[:_NAMED])
    more = f" and {len(short) - _NAMED} more" if len(short) > _NAMED else ""
    if bound.is_of_rules:
        return f"no day was found that uses up what {names}{more} may pay"
    return "no credit was found that fits what is left of it"
