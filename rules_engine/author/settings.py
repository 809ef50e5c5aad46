"""The settings that rules and ladders share: audience, window, validity, limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rules_engine.author.scope import Scope
from rules_engine.author.times import read_instant, read_time_of_day
from rules_engine.checked import (
    Amount,
    Audience,
    Period,
    RuleLimits,
    Times,
    TopupRefund,
    Window,
)
from rules_engine.document import Path
from schemas import rule_limits as authored_limits
from schemas import rule_set as authored
from schemas.instants import HOUR_US

_WEEKDAYS = {"MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6, "SUN": 7}
_EVERY_DAY = frozenset(_WEEKDAYS.values())


@dataclass(frozen=True)
class Settings:
    """Checked settings under the names that `CheckedRule` has for them."""

    enabled: bool
    club_ids: frozenset[str]
    tags: tuple[str, ...]
    audience: Audience
    windows: tuple[Window, ...]
    valid_from: int | None
    valid_until: int | None
    limits: RuleLimits
    on_topup_refund: TopupRefund

    def fields(self) -> dict[str, Any]:
        return dict(self.__dict__)


def check_settings(rule: authored.RuleSettings, path: Path, scope: Scope) -> Settings:
    """Everything that `RuleSettings` holds but id, name, priority and exclusivity group."""
    valid_from, valid_until = _validity(rule.validity, (*path, "validity"), scope)
    return Settings(
        enabled=rule.enabled,
        club_ids=frozenset(rule.club_ids),
        tags=unique(rule.tags),
        audience=_audience(rule.audience, (*path, "audience"), scope),
        windows=tuple(
            _window(window, place, scope)
            for place, window in scope.shape.items((*path, "window"), rule.window)
        ),
        valid_from=valid_from,
        valid_until=valid_until,
        limits=_limits(rule.limits, (*path, "limits"), scope),
        on_topup_refund=(
            scope.on_topup_refund
            if rule.on_topup_refund is None
            else TopupRefund(rule.on_topup_refund)
        ),
    )


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """Without repeats, in the order of their first."""
    return tuple(dict.fromkeys(words))


def check_amount(amount: authored_limits.Amount | None, path: Path, scope: Scope) -> Amount | None:
    if amount is None:
        return None
    money = scope.money(amount.amount_major, (*path, "amountMajor"))
    return None if money is None else Amount(money, Period(amount.per))


def _audience(audience: authored.Audience | None, path: Path, scope: Scope) -> Audience:
    if audience is None:
        return Audience()
    wanted = set(audience.any_of_groups)
    for place, group in scope.shape.items((*path, "noneOfGroups"), audience.none_of_groups):
        if group in wanted:
            scope.findings.add(
                "GROUP_CONTRADICTION",
                place,
                f"the group `{group}` stands in `anyOfGroups` and in `noneOfGroups`",
                "remove it from one of them",
            )
    return Audience(
        any_of_groups=unique(audience.any_of_groups),
        none_of_groups=unique(audience.none_of_groups),
        first_topup_only=audience.first_topup_only,
        new_member_within_days=audience.new_member_within_days,
        dormant_for_days=audience.dormant_for_days,
    )


def _window(window: authored.Window, path: Path, scope: Scope) -> Window:
    days = frozenset(_WEEKDAYS[day] for day in window.days) if window.days else _EVERY_DAY
    if window.since is None and window.to is None:
        return Window(days, 0, 0)
    if window.since is None or window.to is None:
        if scope.shape.is_cut(path):
            return Window(days, 0, 0)
        given, other = ("to", "from") if window.since is None else ("from", "to")
        scope.findings.add(
            "HALF_A_WINDOW",
            (*path, given),
            f"`{given}` stands without `{other}`",
            f"add `{other}`, or remove both for the whole day",
        )
        return Window(days, 0, 0)
    since = read_time_of_day(window.since, (*path, "from"), scope.findings)
    until = read_time_of_day(window.to, (*path, "to"), scope.findings, end=True)
    return Window(days, since or 0, until or 0)


def _validity(
    validity: authored.Validity | None, path: Path, scope: Scope
) -> tuple[int | None, int | None]:
    if validity is None:
        return None, None
    since, until = (
        None if text is None else read_instant(text, (*path, key), scope.time_zone, scope.findings)
        for key, text in (("from", validity.since), ("to", validity.to))
    )
    if since is not None and until is not None and since >= until:
        scope.findings.add(
            "VALIDITY_EMPTY",
            (*path, "to"),
            "the validity ends before it begins" if since > until else "the validity is empty",
            "write a `to` after `from`; `to` itself is not included",
        )
    return since, until


def _limits(limits: authored_limits.RuleLimits | None, path: Path, scope: Scope) -> RuleLimits:
    if limits is None:
        return RuleLimits()
    return RuleLimits(
        per_client=_per_client(limits, (*path, "perClient"), scope),
        cooldown_us=limits.cooldown.hours * HOUR_US if limits.cooldown else None,
        budget=check_amount(limits.budget, (*path, "budget"), scope),
    )


def _per_client(limits: authored_limits.RuleLimits, path: Path, scope: Scope) -> tuple[Times, ...]:
    seen: set[str] = set()
    for place, entry in scope.shape.items(path, limits.per_client):
        if entry.per in seen:
            scope.findings.add(
                "DUPLICATE_PERIOD",
                (*place, "per"),
                f"`perClient` has two limits per {entry.per}",
                "keep the lower one",
            )
        seen.add(entry.per)
    return tuple(Times(entry.times, Period(entry.per)) for entry in limits.per_client)
