"""One client's state out of the tables, read only, as of one head.

1. The head of lane 0 tells how many lanes there are; the client's is that of its key.
2. The lane's index names the client's remembered payments. It is walked page by page; where the
   head moves meanwhile the walk goes on under the next one, since an index may hold too much.
3. Under one head: the youngest part of the index once more, and all values. Where it moves, again.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from rules_engine.account.payments import Payment
from rules_engine.client import ClientState
from rules_engine.timers.due import client_key
from schemas.instants import DAY_US
from worker.errors import Misconfigured, TablesUnavailable
from worker.evaluation.payments import payments_prefix
from worker.index.entries import PAYMENTS, PAYMENTS_END, payment_entry, read_payment
from worker.lane.plan import Head, decode_head
from worker.tables.codec import unpack_client, unpack_payment
from worker.tables.factory import TablesFactory
from worker.tables.port import IndexRange, Tables

PAGE = 5_000
ATTEMPTS = 200
"""A lane commits at most some hundred times a second, and a read takes a millisecond."""
YOUNG_US = 2 * DAY_US

PartitionOf = Callable[[bytes, int], int]


class Held(Struct, frozen=True):
    """`client` None: the lane knows nothing of it. `payments` by `paymentId`: of its present life.
    `head`: what all of it is as of."""

    lane: int
    lanes: int
    head: Head
    client: ClientState | None
    payments: Mapping[str, Payment]


async def read_client(
    tables: TablesFactory, organization_id: str, client_id: str, partition_of: PartitionOf
) -> Held:
    """Raises Misconfigured where there is no state at all, LoudStop for state of another release,
    TablesUnavailable."""
    lanes = decode_head((await tables.lane(0).peek())[0]).partitions  # 1
    if not lanes:
        raise Misconfigured(
            "There is no state in Redis under this prefix.",
            "Check LOYALTY_REDIS_URL and LOYALTY_REDIS_KEY_PREFIX, or start the worker.",
        )
    number = partition_of(client_id.encode(), lanes)
    lane, prefix = tables.lane(number), payments_prefix(organization_id, client_id)
    found = await _walk(lane, prefix)  # 2
    key = client_key(organization_id, client_id)
    for _ in range(ATTEMPTS):  # 3
        head, _outbox = await lane.peek()
        clock = decode_head(head).clock
        young = await _page(lane, head, payment_entry(clock - YOUNG_US, ""), prefix)
        keys = sorted(found | (young or set()))
        values = None if young is None else await lane.load(head, [key, *keys])
        if values is None:
            continue
        raw, *others = values
        client = unpack_client(raw) if raw else None
        payments = {
            name.removeprefix(prefix): unpack_payment(value)
            for name, value in zip(keys, others, strict=True)
            if value
        }
        life = 0 if client is None else client.life
        known = {name: each for name, each in payments.items() if each.life == life}
        return Held(number, lanes, decode_head(head), client, known)
    raise TablesUnavailable("The lane is too busy to be read at one moment; try once more.")


async def _walk(lane: Tables, prefix: str) -> set[str]:
    """Keys of the client's payments, in the whole index."""
    found: set[str] = set()
    first = PAYMENTS
    while True:
        head, _ = await lane.peek()
        pages = await lane.look(head, [IndexRange(first, PAYMENTS_END, PAGE)])
        if pages is None:
            continue
        (entries,) = pages
        found.update(name for name in map(read_payment, entries) if name.startswith(prefix))
        if len(entries) < PAGE:
            return found
        first = entries[-1] + b"\x00"


async def _page(lane: Tables, head: bytes, first: bytes, prefix: str) -> set[str] | None:
    """The same behind an entry, under one head; None: it moved."""
    pages = await lane.look(head, [IndexRange(first, PAYMENTS_END, PAGE)])
    if pages is None:
        return None
    return {name for name in map(read_payment, pages[0]) if name.startswith(prefix)}
