"""Which of a client's remembered events are payments, and of which ids: packed, for
`PAYMENT_ID_REUSED`.

An entry is 10 bytes: digest of the payment id (6) and the beginning of its event's digest (4), in
order of arrival. An entry counts as long as the duplicate memory remembers its event; others may
stay until they come to the front or there are too many. A payment is taken for another by chance
as rarely as an event (`memory.py`).
"""

from rules_engine.memory import AT_MOST, DIGEST, holds, recall

_PAYMENT = DIGEST
_EVENT = 4
ENTRY = _PAYMENT + _EVENT


def is_taken(payments: bytes, payment: bytes, memory: bytes, latest_at: int | None) -> bool:
    """Does a remembered event have this payment id? `payment`: its digest."""
    start = payments.find(payment)
    while start >= 0:
        if start % ENTRY == 0 and _is_live(payments, start, memory, latest_at):
            return True
        start = payments.find(payment, start + 1)
    return False


def with_payment(
    payments: bytes, payment: bytes, event: bytes, memory: bytes, latest_at: int
) -> bytes:
    """One more payment. `event`: its event's digest, already in `memory`."""
    payments += payment + event[:_EVENT]
    first = 0
    while not holds(memory, payments[first + _PAYMENT : first + ENTRY]):
        first += ENTRY
    if len(payments) - first <= AT_MOST * ENTRY:
        return payments[first:] if first else payments
    starts = range(first, len(payments), ENTRY)
    return b"".join(
        payments[start : start + ENTRY]
        for start in starts
        if _is_live(payments, start, memory, latest_at)
    )


def _is_live(payments: bytes, start: int, memory: bytes, latest_at: int | None) -> bool:
    return recall(memory, payments[start + _PAYMENT : start + ENTRY], latest_at) is not None
