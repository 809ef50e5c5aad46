"""Remembered payments of clients who were forgotten, deleted for good.

An erasure takes effect with its plan: the client's life is another from then on, and no payment of
an earlier one is known (`rules_engine.lives`). What lies in the tables under keys of their own is
deleted right after, as housekeeping: no plan knows of it, and whether it has happened changes no
outcome. Until it has, an entry of the index says so, also to the next owner of the lane.

1. Who was forgotten, by those entries.
2. All entries of payments are walked once: an erasure is rare, and nothing else needs payments by
   client.
3. Values of other lives go, then their entries, at last those of 1.
"""

from collections.abc import AsyncIterator, Sequence

from rules_engine.timers.due import client_key
from worker.errors import Moved
from worker.index.entries import (
    FORGOTTEN,
    FORGOTTEN_END,
    PAYMENTS,
    PAYMENTS_END,
    payment_entry,
    read_forgotten,
    read_payment,
)
from worker.index.view import IndexView
from worker.tables.codec import unpack_client, unpack_payment
from worker.tables.port import IndexRange, Tables

AT_ONCE = 100
"""Clients of one walk."""
PAGE = 2_000


async def erase(tables: Tables, index: IndexView, head: bytes) -> Sequence[str]:
    """Keys of the payments that are gone. `head`: the lane's, which nobody moves meanwhile. Raises
    Moved, Unavailable."""
    gone: list[str] = []
    while True:
        (forgotten,) = await index.look(head, [IndexRange(FORGOTTEN, FORGOTTEN_END, AT_ONCE)])  # 1
        if not forgotten:
            return gone
        owners = {read_forgotten(entry) for entry in forgotten}
        async for entries in _payments(index, head, owners):  # 2
            gone += await _delete(tables, index, head, entries)  # 3
        await _drop(index, head, forgotten)


async def _payments(
    index: IndexView, head: bytes, owners: set[str]
) -> AsyncIterator[Sequence[bytes]]:
    """Entries of the owners' payments, page by page."""
    first = PAYMENTS
    while True:
        (page,) = await index.look(head, [IndexRange(first, PAYMENTS_END, PAGE)])
        own = [entry for entry in page if _client(read_payment(entry)) in owners]
        if own:
            yield own
        if len(page) < PAGE:
            return
        first = page[-1] + b"\x00"


async def _delete(
    tables: Tables, index: IndexView, head: bytes, entries: Sequence[bytes]
) -> Sequence[str]:
    """A payment of the present life stays, with the entry that says when it was made."""
    keys = list(dict.fromkeys(map(read_payment, entries)))
    clients = list(dict.fromkeys(map(_client, keys)))
    found = await tables.load(head, [*clients, *keys])
    if found is None:
        raise Moved
    values = dict(zip([*clients, *keys], found, strict=True))
    lives = {key: unpack_client(raw).life for key in clients if (raw := values[key])}
    payments = {key: unpack_payment(raw) for key in keys if (raw := values[key])}
    present = {
        key: each for key, each in payments.items() if each.life == lives.get(_client(key), 0)
    }
    needed = {payment_entry(each.paid_at, key) for key, each in present.items()}
    dead = [key for key in payments if key not in present]
    await tables.tidy(head, (), dead)
    await _drop(index, head, [entry for entry in entries if entry not in needed])
    return dead


async def _drop(index: IndexView, head: bytes, entries: Sequence[bytes]) -> None:
    index.found_stale(entries)
    await index.tidy(head)


def _client(payment_key: str) -> str:
    organization_id, client_id, _ = payment_key.split("\x1f", 2)
    return client_key(organization_id, client_id)
