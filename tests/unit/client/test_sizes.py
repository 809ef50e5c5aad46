"""What a client's value may weigh, without its key (docs/state.md tells of the same clients).

Each bound is that of the release that set it: one that needs more is a decision.
"""

from collections.abc import Callable

import pytest

from benchmarks.state import clients
from rules_engine.account.packed import unpack_account
from rules_engine.client import ClientState
from rules_engine.memory import entries_in
from schemas.instants import HOUR_US
from worker.tables.codec import pack_client, pack_payment, unpack_client


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (ClientState, 17),
        (clients.without_batches, 335),
        (clients.with_batches, 550),
        (clients.with_own_changes, 612),
        (lambda: clients.with_batches(apart_us=6 * HOUR_US), 650),
        (clients.busy, 4_730),
    ],
)
def test_a_client(make: Callable[[], ClientState], most: int) -> None:
    state = make()
    packed = pack_client(state)
    assert unpack_client(packed) == state
    assert len(packed) <= most


def test_540_payments_are_values_of_their_own() -> None:
    """They weigh nothing in the client's own value."""
    assert len(pack_payment(clients.payment())) <= 90
    assert 540 * len(pack_payment(clients.payment())) <= 48_600


def test_the_typical_client_is_typical() -> None:
    client = clients.with_batches()
    assert entries_in(client.memory) == 16
    assert len(client.groups) == 3
    held = client.counters
    assert [len(each) for each in (held.limit_counts, held.firings, held.credited)] == [2, 1, 1]
    assert [batch.left > 0 for batch in unpack_account(client.account).batches] == [True] * 5
