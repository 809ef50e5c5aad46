"""`python -m benchmarks.state`: bytes of clients' values, and µs of what each event does to one.

Times are CPU, medians of turns; `×` is how many times a decoding of 40 bytes of JSON in the same
turn, which is steadier on a shared machine than the time itself.
"""

import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from statistics import median
from typing import Annotated

import typer

from benchmarks.state import clients
from rules_engine.account.packed import pack_account, unpack_account, with_credit
from rules_engine.account.values import Earned
from rules_engine.client import ClientState, after_event
from rules_engine.counters import pack_counters, unpack_counters
from rules_engine.memory import recall, remember
from schemas.decoded import BalanceToppedUp
from schemas.digests import content_digest, event_digest
from schemas.instants import DAY_US
from worker.tables.codec import pack_client, pack_payment, unpack_client

CALLS = 5_000
REFERENCE = '{"amount": "12.50", "at": 1795348800}  '
Step = Callable[[], object]


def main(
    turns: Annotated[int, typer.Option(min=1, help="How often each step is measured.")] = 9,
) -> None:
    """Sizes of clients' values, then what the steps of an event cost."""
    for name, size in sizes():
        print(f"{size:>6,} bytes  {name}")
    steps = dict(_steps())
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(turns):
        for name, step in steps.items():
            reference, took = _timed(lambda: json.loads(REFERENCE)), _timed(step)
            seconds[name].append(took)
            times[name].append(took / reference)
    for name in steps:
        print(f"{median(seconds[name]):>6.2f} µs  {median(times[name]):>5.2f} ×  {name}")


def sizes() -> Iterator[tuple[str, int]]:
    """Of values, without their keys."""
    empty = len(pack_client(ClientState()))
    yield "a client of whom nothing is known", empty
    yield "typical, without batches", len(pack_client(clients.without_batches()))
    yield "typical, 5 batches", len(pack_client(clients.with_batches()))
    yield "… a group by the worker, four payments", len(pack_client(clients.with_own_changes()))
    dense = clients.with_batches(apart_us=DAY_US // 4)
    yield "typical, 5 batches, all 16 events within 48 hours", len(pack_client(dense))
    yield "5 batches, 256 events within 48 hours", len(pack_client(clients.busy()))
    yield "a payment, a value of its own", len(pack_payment(clients.payment()))
    yield "540 payments", 540 * len(pack_payment(clients.payment()))


def _steps() -> Iterator[tuple[str, Step]]:
    bare, client = clients.without_batches(), clients.with_batches()
    packed, packed_bare = pack_client(client), pack_client(bare)
    at = clients.NOW + DAY_US
    event = BalanceToppedUp(
        event_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        organization_id="izi",
        club_id="club-150",
        client_id="client-00017",
        occurred_at=at,
        topup_amount_major=Decimal("400"),
        top_up_source="POS_TERMINAL",
    )
    digest, content = event_digest(event.event_id), content_digest(event)
    known, credit = event_digest("e-3"), Decimal("48.00")
    earned = Earned(credit, Decimal("400"), at // DAY_US)
    account, counters = unpack_account(client.account), unpack_counters(client.counted)
    batch_id, ends = bytes(range(16)), at + 45 * DAY_US
    yield "unpack_client, without batches", lambda: unpack_client(packed_bare)
    yield "unpack_client, 5 batches", lambda: unpack_client(packed)
    yield "event_digest", lambda: event_digest(event.event_id)
    yield "content_digest", lambda: content_digest(event)
    yield "is it remembered? no", lambda: digest in client.memory
    yield "recall of a repeat", lambda: recall(client.memory, known, client.latest_at)
    yield "remember", lambda: remember(client.memory, digest, content, at, at)
    yield "after_event", lambda: after_event(client, event, client.memory, client.account)
    yield "unpack_counters", lambda: unpack_counters(client.counted)
    yield "pack_counters", lambda: pack_counters(counters)
    yield (
        "with_credit",
        lambda: with_credit(
            client.account, at, batch_id, credit, ends, ((), ()), "everyday.anchor", earned
        ),
    )
    yield "unpack_account, 5 batches", lambda: unpack_account(client.account)
    yield "pack_account, 5 batches", lambda: pack_account(account)
    yield "pack_client, without batches", lambda: pack_client(bare)
    yield "pack_client, 5 batches", lambda: pack_client(client)


def _timed(step: Step) -> float:
    """µs of CPU a call."""
    begin = time.process_time()
    for _ in range(CALLS):
        step()
    return (time.process_time() - begin) / CALLS * 1e6


if __name__ == "__main__":
    typer.run(main)
