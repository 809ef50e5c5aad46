"""What a lane's index holds of its clients: who may have a timer due, by fact and by instant.

An entry is a letter for its kind, then what it is ordered by, then the client, joined by U+001F:

    v ␟ organization ␟ day ␟ client     latest visit on that UTC day
    f ␟ organization ␟ day ␟ client     first visit
    b ␟ organization ␟ day ␟ client     birthday, month × 100 + day
    d ␟ organization ␟ day ␟ client     a batch lapses
    L ␟ organization ␟ instant ␟ client   the earliest lapse, without its grace
    E ␟ organization ␟ instant ␟ client   the earliest end of a group assignment
    X ␟ organization ␟ instant ␟ client   the earliest lapse that no BONUS_EXPIRED has rung for
    p ␟ instant ␟ key of the payment    when a remembered payment was made
    g ␟ organization ␟ client           forgotten: payments of an earlier life may still be held

The index only finds candidates; the truth is in the client's value. Kinds and forms never change:
states of earlier releases stand beside them.
"""

from functools import lru_cache

from rules_engine.timers.due import Rank, split_client_key
from rules_engine.timers.facts import Fact, FactEntry
from worker.tables.port import IndexRange

SEPARATOR = b"\x1f"
BEYOND = b"\x20"
"""The byte after the separator: a prefix that ends in it lies behind all entries of the one that
ends in the separator."""
KINDS = {
    Fact.LAST_VISIT: b"v",
    Fact.FIRST_VISIT: b"f",
    Fact.BIRTHDAY: b"b",
    Fact.LAPSE_DAY: b"d",
}
WAKES = {Rank.LAPSE: b"L", Rank.GROUP_EXPIRY: b"E", Rank.BONUS_EXPIRED: b"X"}
WAKE_KINDS = frozenset(WAKES.values())
PAYMENTS = b"p\x1f"
PAYMENTS_END = b"p" + BEYOND
FORGOTTEN, FORGOTTEN_END = b"g\x1f", b"g" + BEYOND
MOST_PAYMENTS = 500
"""Payments that are forgotten at once."""
INSTANT_ZERO, INSTANT_DIGITS = 10**17, 18
"""Instants from the year 1 to 9999, in microseconds, as numbers of equal length."""
DAY_ZERO, DAY_DIGITS = 10**7, 8


@lru_cache(maxsize=4096)
def fact_prefix(fact: Fact, organization_id: str, day: int) -> bytes:
    """What the entries of one fact on one day begin with; clients follow in the order of their
    bytes."""
    number = b"%0*d" % (DAY_DIGITS, day + DAY_ZERO)
    return SEPARATOR.join((KINDS[fact], organization_id.encode(), number, b""))


def fact_entry(key: str, entry: FactEntry) -> bytes:
    """`key`: organization ␟ client."""
    organization_id, client_id = split_client_key(key)
    return fact_prefix(entry.fact, organization_id, entry.day) + client_id.encode()


def read_day(entry: bytes) -> int:
    """The day of a fact's entry."""
    return int(entry.split(SEPARATOR, 3)[2]) - DAY_ZERO


def wakes_prefix(rank: Rank, organization_id: str) -> bytes:
    """What an organization's entries of a rank begin with; instants follow."""
    return SEPARATOR.join((WAKES[rank], organization_id.encode(), b""))


def wake_prefix(rank: Rank, organization_id: str, at: int) -> bytes:
    """Those of one instant, in microseconds since the epoch; clients follow."""
    return wakes_prefix(rank, organization_id) + _instant(at)


def wake_entry(rank: Rank, at: int, key: str) -> bytes:
    """`key`: organization ␟ client."""
    organization_id, client_id = split_client_key(key)
    return wake_prefix(rank, organization_id, at) + client_id.encode()


def read_wake(entry: bytes) -> tuple[int, str]:
    """(instant, key)."""
    _, organization_id, number, client_id = entry.split(SEPARATOR, 3)
    return int(number) - INSTANT_ZERO, f"{organization_id.decode()}\x1f{client_id.decode()}"


def payments_before(at: int) -> IndexRange:
    """Entries of payments made before an instant."""
    return IndexRange(PAYMENTS, PAYMENTS + _instant(at), MOST_PAYMENTS)


def payment_entry(paid_at: int, payment_key: str) -> bytes:
    return PAYMENTS + _instant(paid_at) + payment_key.encode()


def read_payment(entry: bytes) -> str:
    """The payment's key."""
    return entry.split(SEPARATOR, 2)[2].decode()


def forgotten_entry(key: str) -> bytes:
    """`key`: organization ␟ client."""
    return FORGOTTEN + key.encode()


def read_forgotten(entry: bytes) -> str:
    """The key."""
    return entry.removeprefix(FORGOTTEN).decode()


def watched_prefix(entry: bytes) -> bytes | None:
    """The prefix of a kind that is ordered by instants, with which the entry, or the beginning of a
    range, begins; None for the others."""
    if entry[:1] in WAKE_KINDS:
        return SEPARATOR.join((*entry.split(SEPARATOR, 2)[:2], b""))
    return PAYMENTS if entry.startswith(PAYMENTS) else None


def _instant(at: int) -> bytes:
    return b"%0*d\x1f" % (INSTANT_DIGITS, at + INSTANT_ZERO)
