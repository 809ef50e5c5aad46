"""What forgotten clients leave behind is deleted: in memory, on Redis and on a Redis Cluster."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from rules_engine.account.payments import Payment
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState
from tests.contracts.test_tables import KINDS, open_kind
from worker.errors import Moved
from worker.index.entries import forgotten_entry, payment_entry
from worker.index.view import IndexView
from worker.lane import erasing
from worker.lane.erasing import erase
from worker.tables.codec import pack_client, pack_payment
from worker.tables.port import IndexChange, IndexRange, Tables

HEAD = b"1"
EVERYTHING = IndexRange(b"", b"\xff", 1000)


@pytest.fixture(params=KINDS)
async def lane(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Tables]:
    tables = open_kind(request.param, request, prefix)
    yield tables.lane(3)
    await tables.close()


def key_of(client: str, name: str) -> str:
    return f"izi\x1f{client}\x1fpayment\x1f{name}"


def payment_of(paid_at: int, life: int) -> bytes:
    return pack_payment(Payment(b"8 bytes.", paid_at, Decimal(9), RefundPolicy.RETURN, (), life))


async def fill(lane: Tables) -> dict[str, bytes]:
    """c-1 was forgotten once and has paid anew, also with an id of before; c-11 never was; c-2 was
    forgotten twice."""
    values = {
        "izi\x1fc-1": pack_client(ClientState(life=1)),
        "izi\x1fc-11": pack_client(ClientState()),
        "izi\x1fc-2": pack_client(ClientState(life=2)),
        key_of("c-1", "old"): payment_of(100, 0),
        key_of("c-1", "new"): payment_of(500, 1),
        key_of("c-1", "both"): payment_of(600, 1),
        key_of("c-11", "old"): payment_of(100, 0),
        key_of("c-2", "older"): payment_of(50, 0),
        key_of("c-2", "old"): payment_of(150, 1),
    }
    entries = [
        payment_entry(100, key_of("c-1", "old")),
        payment_entry(500, key_of("c-1", "new")),
        payment_entry(200, key_of("c-1", "both")),  # as it was before
        payment_entry(600, key_of("c-1", "both")),
        payment_entry(100, key_of("c-11", "old")),
        payment_entry(50, key_of("c-2", "older")),
        payment_entry(150, key_of("c-2", "old")),
        forgotten_entry("izi\x1fc-1"),
        forgotten_entry("izi\x1fc-2"),
    ]
    assert await lane.commit(b"", HEAD, b"", values, IndexChange(add=entries)) == "OK"
    return values


@pytest.mark.parametrize(("page", "at_once"), [(1, 1), (2, 100), (2_000, 100)])
async def test_payments_of_earlier_lives_go_and_nothing_else(
    page: int, at_once: int, lane: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGE", page)
    monkeypatch.setattr(erasing, "AT_ONCE", at_once)
    values = await fill(lane)
    index = IndexView(lane)
    gone = {key_of("c-1", "old"), key_of("c-2", "older"), key_of("c-2", "old")}
    assert set(await erase(lane, index, HEAD)) == gone
    kept = await lane.load(HEAD, list(values))
    assert kept == [None if key in gone else value for key, value in values.items()]
    assert await lane.look(HEAD, [EVERYTHING]) == [
        [
            payment_entry(100, key_of("c-11", "old")),
            payment_entry(500, key_of("c-1", "new")),
            payment_entry(600, key_of("c-1", "both")),
        ]
    ]
    assert await erase(lane, index, HEAD) == []


async def test_whoever_lost_the_lane_deletes_nothing(lane: Tables) -> None:
    values = await fill(lane)
    with pytest.raises(Moved):
        await erase(lane, IndexView(lane), b"another head")
    assert await lane.load(HEAD, list(values)) == list(values.values())
