"""What the rules credit becomes batches, with a record each.

On the path of every credited event: the account is only added to, its batches are not read.
"""

from collections.abc import Iterable
from decimal import Decimal

from rules_engine.account.packed import with_credit
from rules_engine.account.values import Earned
from rules_engine.books.books import journal_origin
from rules_engine.books.terms import BookTerms
from rules_engine.calendar import ZoneCalendar
from rules_engine.outcome import Origin
from schemas.decoded import BalanceToppedUp, Event
from schemas.ids import uuid_bytes
from schemas.instants import parse_instant
from schemas.wire import AddBonus, Command, JournalRecord

Booked = tuple[bytes, int | None, tuple[JournalRecord, ...]]
"""The packed account, the instant of its next lapse, the records."""


def book_credits(
    terms: BookTerms,
    account: bytes,
    lapses_at: int | None,
    event: Event,
    origin: Origin,
    commands: tuple[Command, ...],
    calendar: ZoneCalendar,
) -> Booked:
    """`calendar`: of the event's club, by whose day its rules were charged."""
    records: tuple[JournalRecord, ...] = ()
    caused_by, at = None, event.occurred_at
    for command in commands:
        if type(command) is not AddBonus:
            continue
        caused_by = caused_by or journal_origin(event, origin)
        made, text, ends = command.command_id, command.amount_major, command.expires_at
        amount, only_for = Decimal(text), command.restriction
        over_at = None if ends is None else parse_instant(ends)
        account, balance = with_credit(
            account,
            at,
            uuid_bytes(made),
            amount,
            over_at,
            (only_for.product_types, only_for.product_ids),
            command.rule_id,
            _earned(terms, command, amount, event, commands, calendar),
        )
        if over_at is not None and (lapses_at is None or over_at < lapses_at):
            lapses_at = over_at
        records += (
            JournalRecord(
                made,
                command.organization_id,
                command.club_id,
                command.client_id,
                command.currency,
                "BONUS_CREDIT",
                command.executor,
                None,
                caused_by,
                command.rule_id,
                command.tags,
                made,
                text,
                text,
                terms.text(balance),
                (),
                command.issued_at,
            ),
        )
    return account, lapses_at, records


def _earned(
    terms: BookTerms,
    command: AddBonus,
    amount: Decimal,
    event: Event,
    commands: Iterable[Command],
    calendar: ZoneCalendar,
) -> Earned | None:
    """What a refund of the top-up has to know; None for what no top-up earned."""
    if type(event) is not BalanceToppedUp:
        return None
    rule_id = command.rule_id
    credit = terms.credits[rule_id]
    siblings = 1
    if len(credit.actions) > 1:
        siblings = sum(type(each) is AddBonus and each.rule_id == rule_id for each in commands)
    day = calendar.local_day(event.occurred_at)
    return Earned(amount, event.topup_amount_major, day, siblings, credit.charged)
