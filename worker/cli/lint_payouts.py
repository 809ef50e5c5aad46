"""The greatest payouts of `loyalty rules lint`, for people and for programs."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules_engine.calendar import local_text
from rules_engine.wording import counted
from schemas.instants import instant_text
from schemas.money import money_text

if TYPE_CHECKING:
    from rules_engine.lint import LintReport
    from rules_engine.lint.days import DayPayout
    from rules_engine.lint.payout import Payout


_MOST_SHOWN = 6


def payout_lines(report: "LintReport") -> Iterator[str]:
    """Nothing for a set without credits."""
    if report.day is None:
        return
    yield f"  The most that one event credits, for amounts up to {report.assumed.largest_major:f}:"
    for payout in report.payouts:
        yield f"    {_told(report, payout)}"
        yield from (f"      {line.decode()}" for line in payout.lines)
    yield f"  The most for one client on a day: {_day_told(report, report.day)}"
    lines = report.day.lines
    if report.day.at_most is not None and lines not in [each.lines for each in report.payouts]:
        yield from (f"    {line.decode()}" for line in lines[:_MOST_SHOWN])
        if len(lines) > _MOST_SHOWN:
            yield f"    … and {len(lines) - _MOST_SHOWN} more, all with --format json"


def payouts_told(report: "LintReport") -> dict[str, Any]:
    """Amounts as JSON strings with the currency's decimals; `dayPayout` null without credits."""
    return {
        "assumed": {
            "largestMajor": f"{report.assumed.largest_major:f}",
            "mostTimes": report.assumed.most_times,
            "from": instant_text(report.assumed.since),
        },
        "payouts": [
            {
                "trigger": payout.trigger,
                "atMostMajor": _money(report, payout.at_most),
                "reachedMajor": _money(report, payout.reached),
                "exact": not payout.why,
                "why": payout.why or None,
                "growsWithAmount": payout.grows,
                "rules": list(payout.rules),
                "events": _events(payout.lines),
                "until": None if payout.until is None else instant_text(payout.until),
            }
            for payout in report.payouts
        ],
        "dayPayout": None if report.day is None else _day(report, report.day),
    }


def _day(report: "LintReport", day: "DayPayout") -> dict[str, Any]:
    return {
        "atMostMajor": None if day.at_most is None else _money(report, day.at_most),
        "because": day.because,
        "reachedMajor": _money(report, day.reached),
        "exact": day.at_most is not None and not day.why,
        "why": day.why or None,
        "nextEventPays": day.is_open,
        "events": _events(day.lines),
        "until": None if day.until is None else instant_text(day.until),
    }


def _told(report: "LintReport", payout: "Payout") -> str:
    by = f" by {', '.join(payout.rules)}" if payout.rules else ""
    at = "" if payout.until is None else f", at {_local(report, payout.until)}"
    more = ", more for more" if payout.grows else ""
    if not payout.why:
        return f"{payout.trigger}: exactly {_money(report, payout.reached)}{by}{at}{more}"
    found = f"{_money(report, payout.reached)} found{by}{at}{more}"
    return f"{payout.trigger}: at most {_money(report, payout.at_most)}; {found}; {payout.why}"


def _day_told(report: "LintReport", day: "DayPayout") -> str:
    if day.at_most is None:
        return f"no bound, {day.because}"
    parts = [counted(day.events, "event")] if day.events else []
    parts += [counted(day.timers, "timer")] if day.timers else []
    by = f" by {' and '.join(parts)}" if parts else ""
    by += f", until {_local(report, day.until)}" if day.until is not None else ""
    if not day.why:
        return f"exactly {_money(report, day.reached)}{by}, held by {day.because}"
    most = f"at most {_money(report, day.at_most)}, held by {day.because}"
    return f"{most}; {_money(report, day.reached)} found{by}; {day.why}"


def _money(report: "LintReport", amount: Decimal) -> str:
    return money_text(amount, report.rule_set.minor_digits)


def _local(report: "LintReport", at: int) -> str:
    """As `--until` takes it, by the organization's clock."""
    return local_text(at, report.rule_set.time_zone)


def _events(lines: Sequence[bytes]) -> list[Any]:
    return [json.loads(line) for line in lines]
