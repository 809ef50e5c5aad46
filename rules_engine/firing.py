"""One rule fires: its formulas, its limits, its commands (INTERFACES 1, fine print "Firing")."""

from decimal import Decimal

from msgspec import Struct

from rules_engine.budgets.port import Budgets, BudgetShort, Verdict
from rules_engine.calendar import ZoneCalendar, quiet_until
from rules_engine.client import ClientState, GroupEnd
from rules_engine.formula.runtime import FAILURES, MissingValue, failure_of
from rules_engine.ledger import Ledger
from rules_engine.limits import NOTHING
from rules_engine.money import cut, text_of, text_of_money
from rules_engine.outcome import Origin, Reason, Rejection
from rules_engine.plans import (
    CreditPlan,
    GroupPlan,
    PushPlan,
    Quote,
    RulePlan,
    SetTerms,
    TextPlan,
)
from schemas.decoded import Event
from schemas.ids import command_id, uuid_bytes
from schemas.instants import DAY_US, instant_text
from schemas.wire import AddBonus, AssignGroup, CausedBy, Command, SendPush, UnassignGroup

EXECUTOR = "SYSTEM"
LAST_US = 2_932_897 * DAY_US - 1
"""The end of the year 9999: text knows no later instant."""


class Run(Struct, gc=False):
    """One event on its way through the rules, and what has been decided for it so far.

    `client` is the state before the event. `group_changes`: (group, assigned?, its end) in order;
    `credits`: (amount, instant of expiry) of every ADD_BONUS among `commands`, in order.
    """

    terms: SetTerms
    event: Event
    client: ClientState
    budgets: Budgets
    calendar: ZoneCalendar
    caused_by: CausedBy
    issued_at: str
    commands: tuple[Command, ...] = ()
    fired: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    group_changes: tuple[tuple[str, bool, GroupEnd | None], ...] = ()
    credits: tuple[tuple[Decimal, int | None], ...] = ()
    truncated_pushes: int = 0
    ledger: Ledger | None = None

    def reject(self, rule: RulePlan, reason: Reason, detail: str = "") -> None:
        self.rejections += (Rejection(rule.id, reason, detail),)

    def open_ledger(self) -> Ledger:
        """The ledger of this event, made when the first rule asks for it."""
        if self.ledger is None:
            at = self.event.occurred_at
            day = self.calendar.local_day(at)
            self.ledger = Ledger(self.client, self.terms.limits, at, day)
        return self.ledger


def begin(
    terms: SetTerms,
    event: Event,
    client: ClientState,
    origin: Origin,
    budgets: Budgets,
    calendar: ZoneCalendar,
) -> Run:
    """The run of an event for which a rule has something to say."""
    caused_by = CausedBy(event.event_id, event.type, origin.topic, origin.partition, origin.offset)
    issued_at = instant_text(event.occurred_at)
    return Run(terms, event, client, budgets, calendar, caused_by, issued_at)


def fail(run: Run, rule: RulePlan, error: Exception) -> bool:
    """A formula of the rule failed: the rule has not matched. Always False."""
    cause = failure_of(error).cause
    run.reject(rule, Reason.FORMULA_FAILED, cause.value)
    return False


def fire(run: Run, rule: RulePlan) -> bool:
    """Carry the rule out; does it hold its exclusivity group?

    1. All its formulas, then the texts that quote them: one that fails stops the rule.
    2. Its limits, all credits together, the budgets last: a rule that they block has not matched.
    3. Its commands, in the order of the actions. No credit, no ADD_BONUS; the others run.
    4. Only a rule that emitted a command has fired, and is charged.
    """
    # 1.
    try:
        amounts = [each.amount(run.event, run.client, run.calendar) for each in rule.credits]
        credit = sum([each for each in amounts if each > NOTHING], NOTHING)
        texts = [_texts(run, push, credit) for push in rule.pushes]
    except FAILURES as error:
        return fail(run, rule, error)
    # 2.
    ledger = run.open_ledger() if rule.is_charged else None
    refusal = _refusal(run, rule, ledger, credit) if ledger is not None else None
    if refusal is not None:
        run.reject(rule, refusal)
        return False
    # 3.
    if rule.credits and not credit:
        run.reject(rule, Reason.ZERO_CREDIT)
    before, pushed = len(run.commands), 0
    left_amounts, left_texts = iter(amounts), iter(texts)
    for action in rule.actions:
        if isinstance(action, CreditPlan):
            _credit(run, rule, action, next(left_amounts))
        elif isinstance(action, GroupPlan):
            _change_group(run, rule, action)
        else:
            pushed += _push(run, rule, action, next(left_texts), pushed)
    # 4.
    if len(run.commands) > before:
        run.fired += (rule.id,)
        if ledger is not None:
            ledger.charge(rule.limits, credit, pushed)
    return True


def _refusal(run: Run, rule: RulePlan, ledger: Ledger, credit: Decimal) -> Reason | None:
    """Raises BudgetShort where nobody knows yet whether the credit fits."""
    refusal = ledger.refusal(rule.limits, credit)
    if refusal is not None or not rule.budgets or credit <= NOTHING:
        return refusal
    needs = ledger.needs(run.terms.organization_id, rule.budgets, credit)
    verdict = run.budgets.charge(rule.id, needs)
    if verdict is Verdict.SHORT:
        raise BudgetShort
    return None if verdict is Verdict.CHARGED else Reason.BUDGET


def fire_credit(run: Run, rule: RulePlan) -> bool:
    """`fire` for the most frequent kind of rule: one credit (`only`) that no limit holds back."""
    credit = rule.only
    assert credit is not None
    try:
        amount = credit.amount(run.event, run.client, run.calendar)
    except FAILURES as error:
        return fail(run, rule, error)
    if amount > NOTHING:
        _credit(run, rule, credit, amount)
        run.fired += (rule.id,)
    else:
        run.reject(rule, Reason.ZERO_CREDIT)
    return True


def _texts(run: Run, push: PushPlan, credit: Decimal) -> tuple[str, str]:
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


def _credit(run: Run, rule: RulePlan, action: CreditPlan, amount: Decimal) -> None:
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


def _change_group(run: Run, rule: RulePlan, action: GroupPlan) -> None:
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


def _push(run: Run, rule: RulePlan, action: PushPlan, texts: tuple[str, str], pushed: int) -> int:
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


def later_text(at: int) -> str:
    """The text of an instant after the event's: one that no text can name becomes the last."""
    return instant_text(min(at, LAST_US))
