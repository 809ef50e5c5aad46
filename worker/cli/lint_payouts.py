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


def payout_lines(report: "LintReport") -> Iterator[str]:
    """Nothing for a set without credits."""
    if report.day is None:
        return
    yield f"  The most that one event credits, for amounts up to {report.assumed.largest_major:f}:"
    for payout in report.payouts:
        yield f"    {_told(report, payout)}"
        yield from (f"      {line.decode()}" for line in payout.lines)
    yield f"  The most for one client on a day: {_day_told(report, report.day)}"


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
        "nextEventPays": day.is_open,
        "events": _events(day.lines),
        "until": None if day.until is None else instant_text(day.until),
    }


def _told(report: "LintReport", payout: "Payout") -> str:
    most = f"{payout.trigger}: {_money(report, payout.at_most)}"
    if payout.reached != payout.at_most:
        most = f"{most} or less; {_money(report, payout.reached)} found"
    by = f" by {', '.join(payout.rules)}" if payout.rules else ""
    at = "" if payout.until is None else f", at {_local(report, payout.until)}"
    return f"{most}{by}{at}{', more for more' if payout.grows else ''}"


def _day_told(report: "LintReport", day: "DayPayout") -> str:
    if day.at_most is None:
        return f"no bound, {day.because}"
    told = f"{_money(report, day.at_most)}, held by {day.because}"
    if day.reached == day.at_most:
        by = counted(len(day.lines), "event") if day.until is None else "the timer"
        return f"{told}; reached by {by}"
    return f"{told}; {_money(report, day.reached)} found"


def _money(report: "LintReport", amount: Decimal) -> str:
    return money_text(amount, report.rule_set.minor_digits)


def _local(report: "LintReport", at: int) -> str:
    """As `--until` takes it, by the organization's clock."""
    return local_text(at, report.rule_set.time_zone)


def _events(lines: Sequence[bytes]) -> list[Any]:
    return [json.loads(line) for line in lines]
