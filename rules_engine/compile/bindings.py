"""How generated code gets at each variable, and the helpers that it may call.

Generated functions call their arguments `e` (event) and `c` (client before the event) and know the
club's calendar as `k`. A plain attribute stands for itself; whatever has to be worked out becomes
a local: the variable's own name, or one of `SHARED`.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from rules_engine.account.packed import balance_of
from rules_engine.calendar import (
    DAY_US,
    HOUR_US,
    ZoneCalendar,
    date_text,
    hour_of,
    is_birthday,
    minute_of,
    weekday_of,
)
from rules_engine.formula.emit import BUCKET_NAME, ROUNDING_NAME
from rules_engine.formula.runtime import FAILURES, bucket_of
from rules_engine.variables import Source, Variable

UNSET = object()
"""What a local holds until it is first asked for; None is a missing value."""

SHARED: Mapping[str, str] = {
    "t": "k.local_us(e.occurred_at)",
    "minute": "x_minute_of(t)",
    "hour_of_day": f"t // {HOUR_US} % 24",
    "weekday": "x_weekday_of(t // x_day_us)",
    BUCKET_NAME: "x_partial(x_bucket_of, e.organization_id, e.client_id)",
}
"""Locals that are no variables: the local wall clock in microseconds, its minute and hour of the
day and its day of the week, and the client's buckets."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "minute": ("t",),
    "hour_of_day": ("t",),
    "weekday": ("t",),
    "isBirthday": ("t",),
    "dayOfWeek": ("t",),
    "hour": ("t",),
    "localDate": ("t",),
}
"""Locals whose expression reads other locals."""

_OF_CLIENT: Mapping[str, str] = {
    "bonusBalanceMajor": "x_balance_of(c.account)",
    "totalSpentMajor": "c.spent_total",
    "totalTopupMajor": "c.topup_total",
    "topupCount": "x_decimal(c.topup_count)",
    "isFirstTopup": "c.topup_count == 0",
    "averageTopupMajor": "c.topup_total / c.topup_count if c.topup_count else None",
    "visitCount": "x_decimal(c.visit_count)",
    "daysSinceLastVisit": "x_days_since(k, c.last_visit_at, e.occurred_at)",
    "daysSinceFirstVisit": "x_days_since(k, c.first_visit_at, e.occurred_at)",
    "daysSinceRegistration": "x_days_since(k, c.registered_at, e.occurred_at)",
    "isBirthday": "x_is_birthday(c.birthday, t // x_day_us)",
    "groups": "c.groups",
}

_OF_CALENDAR: Mapping[str, str] = {
    "dayOfWeek": "x_decimal(x_weekday_of(t // x_day_us))",
    "hour": "x_decimal(x_hour_of(t))",
    "localDate": "x_date_text(t // x_day_us)",
}


def expression_of(variable: Variable) -> str:
    """The Python expression of a variable's value; numbers are `Decimal`, missing ones None."""
    if variable.source is Source.CLIENT:
        return _OF_CLIENT[variable.name]
    if variable.source is Source.CALENDAR:
        return _OF_CALENDAR[variable.name]
    attribute = f"e.{variable.attribute}"
    if not variable.whole:
        return attribute
    if variable.optional:
        return f"None if {attribute} is None else x_decimal({attribute})"
    return f"x_decimal({attribute})"


def is_plain(expression: str) -> bool:
    """Is it as cheap as a local: one attribute of the event or the client?"""
    return expression[:2] in ("e.", "c.") and expression[2:].isidentifier()


def _days_since(calendar: ZoneCalendar, earlier: int | None, at: int) -> Decimal | None:
    """Whole local calendar days, negative when `earlier` is later; missing if it never was."""
    return None if earlier is None else Decimal(calendar.days_between(earlier, at))


def helpers(rounding: str) -> dict[str, object]:
    """Globals that these expressions and formulas mention."""
    return {
        ROUNDING_NAME: rounding,
        "x_unset": UNSET,
        "x_failures": FAILURES,
        "x_decimal": Decimal,
        "x_partial": partial,
        "x_balance_of": balance_of,
        "x_bucket_of": bucket_of,
        "x_days_since": _days_since,
        "x_is_birthday": is_birthday,
        "x_weekday_of": weekday_of,
        "x_hour_of": hour_of,
        "x_minute_of": minute_of,
        "x_date_text": date_text,
        "x_day_us": DAY_US,
    }
