"""What is over is carried out: lapses and ends of group assignments.

By a timer, or at once where an event that came late gives what is over by the clock already.
"""

from msgspec.structs import replace

from rules_engine.account.packed import unpack_account
from rules_engine.books.around import Around
from rules_engine.books.books import with_account
from rules_engine.books.lapses import lapse_batches, with_lapsed
from rules_engine.books.terms import BookTerms
from rules_engine.client import ClientState, GroupEnd, with_group_change
from rules_engine.commands import EXECUTOR
from rules_engine.outcome import Outcome
from rules_engine.timers.due import Rank
from schemas.ids import command_id, uuid_text
from schemas.instants import instant_text
from schemas.wire import CausedBy, UnassignGroup


def lapse_by(
    terms: BookTerms, client_id: str, client: ClientState, around: Around, clock: int, *, told: bool
) -> Outcome:
    """Every batch that is over by `clock` less the grace lapses. `told`: BONUS_EXPIRED is to ring
    for it."""
    until = clock - around.lapse_grace_us
    account = unpack_account(client.account)
    lapsed = lapse_batches(terms, client_id, client.last_club, account, until)
    after = with_account(client, lapsed.account, terms, around, clock)
    if told:
        after = with_lapsed(after, terms, lapsed.amounts)
    return Outcome(after, journal=lapsed.records)


def end_by(terms: BookTerms, client_id: str, client: ClientState, clock: int) -> Outcome:
    """Every assignment that has ended by `clock`: by instant, then in order of assignment."""
    commands: list[UnassignGroup] = []
    for end in sorted((each for each in client.ends if each.at <= clock), key=lambda end: end.at):
        client = with_group_change(client, end.group_id, False, end.at)
        commands.append(_unassign(terms, client_id, client.last_club, end))
    return Outcome(client, tuple(commands))


def end_at_once(
    outcome: Outcome, terms: BookTerms, client_id: str, around: Around, clock: int
) -> Outcome:
    """What an event gave and is over already ends before the next event. Its lapse is not told of:
    no timer can be set for an instant that has passed."""
    client = outcome.client
    if client.lapses_at is not None and client.lapses_at <= clock - around.lapse_grace_us:
        lapsed = lapse_by(terms, client_id, client, around, clock, told=False)
        outcome = _joined(outcome, lapsed)
    if client.ends and any(end.at <= clock for end in client.ends):
        outcome = _joined(outcome, end_by(terms, client_id, outcome.client, clock))
    return outcome


def _joined(outcome: Outcome, then: Outcome) -> Outcome:
    return replace(
        outcome,
        client=then.client,
        commands=(*outcome.commands, *then.commands),
        journal=(*outcome.journal, *then.journal),
    )


def _unassign(terms: BookTerms, client_id: str, club_id: str, end: GroupEnd) -> UnassignGroup:
    name = f"timer:{Rank.GROUP_EXPIRY.name}:{uuid_text(end.command)}"
    return UnassignGroup(
        command_id(terms.organization_id, client_id, name, end.rule_id, end.action_index),
        "UNASSIGN_GROUP",
        terms.organization_id,
        club_id,
        client_id,
        end.rule_id,
        terms.version,
        end.tags,
        EXECUTOR,
        CausedBy(name, Rank.GROUP_EXPIRY.name, None, None, None),
        instant_text(end.at),
        end.group_id,
    )
