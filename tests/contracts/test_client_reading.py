"""One client read out of the tables: in memory, on Redis and on a Redis Cluster."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from rules_engine.account.payments import Payment
from rules_engine.checked import RefundPolicy
from rules_engine.client import ClientState
from tests.contracts.test_tables import KINDS, open_kind
from worker.clients import reading
from worker.clients.reading import read_client
from worker.index.entries import payment_entry
from worker.kafka.dead_letters import partition_of
from worker.lane.plan import NO_TERMS, Head, encode
from worker.tables.codec import pack_client, pack_payment
from worker.tables.factory import TablesFactory
from worker.tables.port import IndexChange

LANES = 6
NOW = 1_772_442_000_000_000
CLIENT = ClientState(topup_count=5, life=1)


@pytest.fixture(params=KINDS)
async def factory(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[TablesFactory]:
    tables = open_kind(request.param, request, prefix)
    yield tables
    await tables.close()


def payment_of(number: int, life: int = 1) -> Payment:
    at = NOW - number * 86_400_000_000
    return Payment(b"12345678", at, Decimal(number + 1), RefundPolicy.RETURN, (), life)


async def fill(tables: TablesFactory) -> None:
    """Payments 0 to 19, a day apart, in turn of c-1, of c-1 in an earlier life, and of c-11."""
    payments = {}
    for number in range(20):
        owner = "c-11" if number % 3 == 2 else "c-1"
        key = f"izi\x1f{owner}\x1fpayment\x1fp-{number}"
        payments[key] = payment_of(number, life=1 - number % 3 % 2)
    values = {key: pack_payment(each) for key, each in payments.items()}
    entries = [payment_entry(each.paid_at, key) for key, each in payments.items()]
    lane = partition_of(b"c-1", LANES)
    for number in range(LANES):
        head = encode(Head(number, number, b"12345678", {}, LANES, NOW, NO_TERMS))
        if number == lane:
            values["izi\x1fc-1"] = pack_client(CLIENT)
            await tables.lane(number).commit(b"", head, b"", values, IndexChange(add=entries))
        else:
            await tables.lane(number).commit(b"", head, b"", {})


@pytest.mark.parametrize("page", [1, 3, 5_000])
async def test_a_client_with_the_payments_of_its_life(
    page: int, factory: TablesFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", page)
    await fill(factory)
    held = await read_client(factory, "izi", "c-1", partition_of)
    assert (held.lane, held.lanes) == (partition_of(b"c-1", LANES), LANES)
    assert held.head.seq == held.lane
    assert held.client == CLIENT
    assert held.payments == {f"p-{number}": payment_of(number) for number in range(0, 20, 3)}


async def test_a_client_that_its_lane_does_not_know(factory: TablesFactory) -> None:
    await fill(factory)
    held = await read_client(factory, "izi", "c-2", partition_of)
    assert (held.client, held.payments) == (None, {})
