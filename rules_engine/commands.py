"""The commands of a rule that fires, one an action."""

from decimal import Decimal

from rules_engine.calendar import quiet_until
from rules_engine.client import GroupEnd
from rules_engine.formula.runtime import MissingValue
from rules_engine.limits import NOTHING
from rules_engine.money import cut, text_of, text_of_money
from rules_engine.outcome import Reason
from rules_engine.plans import CreditPlan, GroupPlan, PushPlan, Quote, RulePlan, TextPlan
from rules_engine.run import Run
from schemas.ids import command_id, uuid_bytes
from schemas.instants import LAST_US, instant_text, later_text
from schemas.wire import AddBonus, AssignGroup, SendPush, UnassignGroup

EXECUTOR = "SYSTEM"


def add_bonus(run: Run, rule: RulePlan, action: CreditPlan, amount: Decimal) -> None:
    if amount <= NOTHING:
        return
    event, terms = run.event, run.terms
    made = command_id(terms.organization_id, event.client_id, event.event_id, rule.id, action.index)
    lasts = action.lasts_us
    ends = None if lasts is None else min(event.occurred_at + lasts, LAST_US)
    run.credits += ((amount, ends),)
    run.commands += (
        AddBonus(
            made,
            "ADD_BONUS",
            terms.organization_id,
            event.club_id,
            event.client_id,
            rule.id,
            terms.version,
            action.tags,
            EXECUTOR,
            run.caused_by,
            run.issued_at,
            str(amount),
            terms.currency,
            made,
            None if ends is None else instant_text(ends),
            action.restriction,
        ),
    )


def change_group(run: Run, rule: RulePlan, action: GroupPlan) -> None:
    """Emitted also when it changes nothing."""
    event, terms = run.event, run.terms
    make = AssignGroup if action.assigned else UnassignGroup
    made = command_id(terms.organization_id, event.client_id, event.event_id, rule.id, action.index)
    end, lasts = None, action.lasts_us
    if lasts is not None:
        ends_at, command = min(event.occurred_at + lasts, LAST_US), uuid_bytes(made)
        end = GroupEnd(ends_at, action.group_id, command, rule.id, action.index, action.tags)
    run.group_changes += ((action.group_id, action.assigned, end),)
    run.commands += (
        make(
            made,
            "ASSIGN_GROUP" if action.assigned else "UNASSIGN_GROUP",
            terms.organization_id,
            event.club_id,
            event.client_id,
            rule.id,
            terms.version,
            action.tags,
            EXECUTOR,
            run.caused_by,
            run.issued_at,
            action.group_id,
        ),
    )


def send_push(
    run: Run, rule: RulePlan, action: PushPlan, texts: tuple[str, str], pushed: int
) -> int:
    """1 where the push was emitted, 0 where the limit of pushes held it back.

    `pushed`: pushes of this rule before it; each counts by itself.
    """
    if run.ledger is not None and not run.ledger.may_push(pushed):
        run.reject(rule, Reason.PUSH_LIMIT)
        return 0
    title, body = cut(texts[0], action.title.limit), cut(texts[1], action.body.limit)
    run.truncated_pushes += (title, body) != texts
    event, terms = run.event, run.terms
    lives = action.lives_us
    run.commands += (
        SendPush(
            command_id(
                terms.organization_id, event.client_id, event.event_id, rule.id, action.index
            ),
            "SEND_PUSH",
            terms.organization_id,
            event.club_id,
            event.client_id,
            rule.id,
            terms.version,
            action.tags,
            EXECUTOR,
            run.caused_by,
            run.issued_at,
            title,
            body,
            _end_of_quiet_hours(run),
            None if lives is None else later_text(event.occurred_at + lives),
        ),
    )
    return 1


def _end_of_quiet_hours(run: Run) -> str | None:
    """`notBefore` of a push inside the set's quiet hours."""
    push = run.terms.limits.push
    if push is None or push.quiet_since is None or push.quiet_until is None:
        return None
    end = quiet_until(run.calendar, run.event.occurred_at, push.quiet_since, push.quiet_until)
    return None if end is None else later_text(end)


def push_texts(run: Run, push: PushPlan, credit: Decimal) -> tuple[str, str]:
    return _text(run, push.title, credit), _text(run, push.body, credit)


def _text(run: Run, plan: TextPlan, credit: Decimal) -> str:
    """The text with its values, not cut yet. Raises MissingValue."""
    parts: list[str] = []
    for literal, quote in plan.pieces:
        parts.append(literal)
        if quote is not None:
            parts.append(_quoted(run, quote, credit))
    return "".join(parts)


def _quoted(run: Run, quote: Quote, credit: Decimal) -> str:
    value = credit
    if quote.read is not None:
        read = quote.read(run.event, run.client, run.calendar)
        if read is None:
            raise MissingValue(quote.name)
        if not quote.is_money:
            return text_of(read)
        assert isinstance(read, Decimal)
        value = read
    return text_of_money(value, run.terms.minor_unit, run.terms.rounding)
