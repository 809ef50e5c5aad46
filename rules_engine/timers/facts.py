"""What of a client's state timers look for: what an index of clients is kept by.

The index only finds candidates. It may hold too much, never too little: whether something is due is
asked of the client's value.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from rules_engine.account.packed import added_batches, unpack_account
from rules_engine.account.values import Batch
from rules_engine.client import ClientState
from rules_engine.timers.due import Rank
from schemas.instants import DAY_US


class Fact(StrEnum):
    """The words are part of the names of index keys: they never change."""

    LAST_VISIT = "last-visit"
    FIRST_VISIT = "first-visit"
    BIRTHDAY = "birthday"
    LAPSE_DAY = "lapse-day"


class FactEntry(Struct, frozen=True, order=True, array_like=True):
    """`day`: days since 1970-01-01 in UTC of the instant; of a BIRTHDAY month × 100 + day."""

    fact: Fact
    day: int


class Changes(Struct, frozen=True, gc=False):
    """Entries to add before the state is committed, and to remove after that."""

    added: tuple[FactEntry, ...] = ()
    removed: tuple[FactEntry, ...] = ()


UNCHANGED = Changes()


def facts_of(state: ClientState) -> frozenset[FactEntry]:
    """Every entry that an index holds of the client."""
    return frozenset(_facts(state))


def changed_facts(before: ClientState | None, after: ClientState) -> Changes:
    """What an index of the client is to learn; `before` None: the client was unknown. What is
    added may be there already.

    Nearly free where no fact changed; the account is opened only where its bytes differ and
    something of it lapses, and of one that was only credited no more than what came to it.
    """
    if before is None:
        return Changes(tuple(sorted(_facts(after))))
    visited = (
        before.last_visit_at != after.last_visit_at
        or before.first_visit_at != after.first_visit_at
        or before.birthday != after.birthday
    )
    booked = before.account != after.account and not (
        before.lapses_at is None and after.lapses_at is None
    )
    if not visited and not booked:
        return UNCHANGED
    old, new = set(_visits(before)), set(_visits(after))
    if booked:
        only_added = added_batches(before.account, after.account)
        if only_added is None:
            old |= _lapse_days(before)
            new |= _lapse_days(after)
        else:
            new |= _days_of(only_added)
    if old == new:
        return UNCHANGED
    return Changes(tuple(sorted(new - old)), tuple(sorted(old - new)))


def next_state_driven(state: ClientState, grace_us: int) -> int | None:
    """When the earliest lapse, end of an assignment or BONUS_EXPIRED of the client is due: by this
    instant it is listed among those that wake. `grace_us`: how long after its instant a lapse is
    carried out."""
    if not state.ends and not state.lapsed:  # nearly always
        return None if state.lapses_at is None else state.lapses_at + grace_us
    first = first_state_driven(state, grace_us)
    return None if first is None else first[0]


def first_state_driven(state: ClientState, grace_us: int) -> tuple[int, Rank] | None:
    """As `next_state_driven`, and what it is."""
    wakes: list[tuple[int, Rank]] = []
    if state.lapses_at is not None:
        wakes.append((state.lapses_at + grace_us, Rank.LAPSE))
    if state.ends:
        wakes.append((min(end.at for end in state.ends), Rank.GROUP_EXPIRY))
    if state.lapsed:
        wakes.append((state.lapsed[0][0] + grace_us, Rank.BONUS_EXPIRED))
    return min(wakes, default=None)


def _facts(state: ClientState) -> set[FactEntry]:
    return {*_visits(state), *_lapse_days(state)}


def _visits(state: ClientState) -> Iterable[FactEntry]:
    """What is read from the state itself: visits and the birthday."""
    if state.last_visit_at is not None:
        yield FactEntry(Fact.LAST_VISIT, state.last_visit_at // DAY_US)
    if state.first_visit_at is not None:
        yield FactEntry(Fact.FIRST_VISIT, state.first_visit_at // DAY_US)
    if state.birthday is not None:
        yield FactEntry(Fact.BIRTHDAY, int(state.birthday[-5:-3]) * 100 + int(state.birthday[-2:]))


def _lapse_days(state: ClientState) -> set[FactEntry]:
    if state.lapses_at is None:
        return set()
    return _days_of(unpack_account(state.account).batches)


def _days_of(batches: Iterable[Batch]) -> set[FactEntry]:
    return {
        FactEntry(Fact.LAPSE_DAY, batch.expires_at // DAY_US)
        for batch in batches
        if batch.left and batch.expires_at is not None
    }
