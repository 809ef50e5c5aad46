"""Why a rule does not apply to an event, condition by condition, in the order of the contract.

enabled → trigger → club → validity → window → audience → `when`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.calendar import in_windows
from rules_engine.checked import Audience, CheckedRule
from rules_engine.explain.seen import Seen, look
from rules_engine.explain.values import Values
from rules_engine.outcome import Reason
from schemas.instants import instant_text

THRESHOLD = "topupAmountMajor"
"""What the threshold of a ladder's tier is about."""


@dataclass(frozen=True)
class Judgement:
    """`reason` is None where all conditions hold. `detail`: what was asked and what was seen.
    `condition`: the threshold of a tier or the `when`, as far as they were looked at."""

    reason: Reason | None
    detail: str = ""
    condition: tuple[Seen, ...] = ()


def judge(rule: CheckedRule, values: Values) -> Judgement:
    """The first condition that does not hold."""
    for reason, unmet in _ASKED:
        detail = unmet(rule, values)
        if detail is not None:
            return Judgement(reason, detail)
    seen: list[Seen] = []
    for condition in _conditions(rule, values):
        seen.append(condition)
        if condition.failure is not None:
            return Judgement(Reason.FORMULA_FAILED, condition.failure.cause.value, tuple(seen))
        if not condition.value:
            return Judgement(Reason.CONDITION, condition.text, tuple(seen))
    return Judgement(None, "", tuple(seen))


def _conditions(rule: CheckedRule, values: Values) -> Iterator[Seen]:
    if rule.at_least is not None:
        amount = values.value(THRESHOLD)
        assert isinstance(amount, Decimal)
        text = f"{THRESHOLD} >= {rule.at_least:f}"
        yield Seen(text, amount >= rule.at_least, (Seen(THRESHOLD, amount),))
    if rule.when is not None:
        yield look(rule.when, values)


def _disabled(rule: CheckedRule, values: Values) -> str | None:
    return None if rule.enabled else "the rule is switched off"


def _other_club(rule: CheckedRule, values: Values) -> str | None:
    club_id = values.event.club_id
    if not rule.club_ids or club_id in rule.club_ids:
        return None
    return f"for {', '.join(sorted(rule.club_ids))}; this is {club_id}"


def _invalid(rule: CheckedRule, values: Values) -> str | None:
    at = values.event.occurred_at
    if rule.valid_from is not None and at < rule.valid_from:
        return f"valid from {instant_text(rule.valid_from)}"
    if rule.valid_until is not None and at >= rule.valid_until:
        return f"was valid until {instant_text(rule.valid_until)}"
    return None


def _outside_windows(rule: CheckedRule, values: Values) -> str | None:
    local = values.calendar.local_us(values.event.occurred_at)
    if in_windows(rule.windows, local):
        return None
    return f"the local time is {values.clock}"


def _outside_audience(rule: CheckedRule, values: Values) -> str | None:
    return next(_unmet(rule.audience, values), None)


def _unmet(audience: Audience, values: Values) -> Iterator[str]:
    groups = values.client.groups
    shown = f"the client is in {', '.join(groups) or 'no group'}"
    if audience.any_of_groups and not set(audience.any_of_groups) & set(groups):
        yield f"anyOfGroups {', '.join(audience.any_of_groups)}: {shown}"
    if set(audience.none_of_groups) & set(groups):
        yield f"noneOfGroups {', '.join(audience.none_of_groups)}: {shown}"
    if audience.first_topup_only and values.client.topup_count != 0:
        yield f"firstTopupOnly: topupCount is {values.client.topup_count}"
    within, member = audience.new_member_within_days, values.value("daysSinceRegistration")
    if within is not None and not (isinstance(member, Decimal) and member <= within):
        yield f"newMemberWithinDays {within}: daysSinceRegistration is {_shown(member)}"
    after, visit = audience.dormant_for_days, values.value("daysSinceLastVisit")
    if after is not None and not (isinstance(visit, Decimal) and visit >= after):
        yield f"dormantForDays {after}: daysSinceLastVisit is {_shown(visit)}"


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)


_Unmet = Callable[[CheckedRule, Values], str | None]
_ASKED: tuple[tuple[Reason, _Unmet], ...] = (
    (Reason.DISABLED, _disabled),
    (Reason.CLUB, _other_club),
    (Reason.VALIDITY, _invalid),
    (Reason.WINDOW, _outside_windows),
    (Reason.AUDIENCE, _outside_audience),
)
