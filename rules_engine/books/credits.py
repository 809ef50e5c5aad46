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
from schemas.wire import AddBonus, Command, JournalRecord

Booked = tuple[bytes, int | None, tuple[JournalRecord, ...]]
"""The packed account, the instant of its next lapse, the records."""


def book_credits(
    terms: BookTerms,
    account: bytes,
    lapses_at: int | None,
    event: Event,
    origin: Origin | None,
    commands: tuple[Command, ...],
    credits_: Iterable[tuple[Decimal, int | None]],
    calendar: ZoneCalendar,
) -> Booked:
    """`credits_`: amount and expiry of every ADD_BONUS among the commands. `calendar`: of the
    event's club, by whose day its rules were charged."""
    records: tuple[JournalRecord, ...] = ()
    caused_by, at = journal_origin(event, origin), event.occurred_at
    bonuses = [command for command in commands if type(command) is AddBonus]
    for command, (amount, ends) in zip(bonuses, credits_, strict=True):
        made, text, only_for = command.command_id, command.amount_major, command.restriction
        account, balance = with_credit(
            account,
            at,
            uuid_bytes(made),
            amount,
            ends,
            (only_for.product_types, only_for.product_ids),
            command.rule_id,
            _earned(terms, command.rule_id, amount, event, bonuses, calendar),
        )
        if ends is not None and (lapses_at is None or ends < lapses_at):
            lapses_at = ends
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
    rule_id: str,
    amount: Decimal,
    event: Event,
    bonuses: list[AddBonus],
    calendar: ZoneCalendar,
) -> Earned | None:
    """What a refund of the top-up has to know; None for what no top-up earned."""
    if type(event) is not BalanceToppedUp:
        return None
    credit = terms.credits[rule_id]
    siblings = 1
    if len(bonuses) > 1:
        siblings = sum(each.rule_id == rule_id for each in bonuses)
    day = calendar.local_day(event.occurred_at)
    return Earned(amount, event.topup_amount_major, day, siblings, credit.charged)
