"""A release with another form of the states takes a lane over, in the middle of its log.

Values of the older form are read where they stand and written on in the new one; plans that the
older release made are repeated without a look at their states' digests; and states that were taken
over are, byte for byte, those that come of repeating the log from its beginning.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from rules_engine.account.packed import unpack_account
from rules_engine.account.values import Batch
from rules_engine.author.load import load_rule_set
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.memory import entries_in
from schemas.instants import instant_text
from schemas.records import InputRecord
from schemas.topics import Channel
from tests.simulation.parts import SilentObserver
from tests.unit.lane.test_evaluator import OneSet
from tests.unit.lane.test_lane import NOON, Place
from worker.errors import Diverged
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.lane.acquire import acquire
from worker.lane.evaluator_port import Evaluated, Moment, Search, Work
from worker.lane.lane import Lane, LanePorts
from worker.lane.plan import Terms, decode_head
from worker.tables.codec import CODEC_VERSION, unpack_client

RULES = OneSet(
    compile_rule_set(
        load_rule_set(
            """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
onTopupRefund: REVOKE
limits: {perClientCredit: {amountMajor: 100, per: DAY}}
rules:
  - id: tenth
    trigger: BALANCE_TOPPED_UP
    limits: {perClient: [{times: 3, per: DAY}], cooldown: {hours: 1}}
    actions: [{type: ADD_BONUS, formula: "percent(topupAmountMajor, 10)", expiresInDays: 30}]
""",
            "rules.yaml",
        )
    )
)
KEY = "izi\x1fc-1"
HOUR = 3_600_000_000


def record(offset: int, event_id: str, kind: str, **fields: Any) -> InputRecord:
    at = NOON + offset * HOUR
    event = {
        "eventId": event_id,
        "type": kind,
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": instant_text(at),
    }
    raw = json.dumps(event | fields).encode()
    return InputRecord("A", 0, offset, at // 1000, b"c-1", raw)


def topup(offset: int, amount: str) -> InputRecord:
    fields = {"topupAmountMajor": amount, "topUpSource": "POS_TERMINAL"}
    return record(offset, f"e-{offset}", "BALANCE_TOPPED_UP", **fields)


def refund(offset: int, of: str, amount: str) -> InputRecord:
    fields = {"originalEventId": of, "refundAmountMajor": amount}
    return record(offset, f"e-{offset}", "TOPUP_REFUNDED", **fields)


BEFORE = [topup(0, "100"), topup(1, "200.50"), topup(2, "300")]
AFTER = [
    replace(BEFORE[1], offset=3),  # a repeat, remembered by the release before
    refund(4, "e-1", "200.50"),  # its batch, counters and credit were counted by it, too
    topup(5, "400"),
    topup(6, "500"),
]


class EarlierRelease(LoyaltyEvaluator):
    """Writes states as version 1 did."""

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        evaluated = super().evaluate(work, values, moment, terms, search)
        packed = {key: version_1(unpack_client(raw)) for key, raw in evaluated.values.items()}
        return replace(evaluated, values=packed)


class Upgrade(Place):
    """The lane's world, whose owners are of one release or the other."""

    def __init__(self) -> None:
        super().__init__(0)
        self.codec = 1
        self.clock.now = NOON + 10 * HOUR
        self.add(BEFORE)

    def add(self, records: list[InputRecord]) -> None:
        self.inputs.records += records

    def lane(self) -> Lane:
        terms = replace(make_terms(300, 120, 180), codec=self.codec)
        kind = EarlierRelease if self.codec == 1 else LoyaltyEvaluator
        ports = LanePorts(
            source=self.inputs,
            log=self.log,
            tables=self.tables,
            publisher=self.publisher.lane(0),
            evaluator=kind({"A": "TOPUPS"}, RULES, terms),
            clock=self.clock,
            observer=SilentObserver(),
        )
        return Lane(0, ports, self.settings, self.cache)

    async def value(self) -> bytes:
        head, _ = await self.tables.peek()
        (raw,) = await self.tables.load(head, [KEY]) or [None]
        assert raw is not None
        return raw

    def journal(self) -> list[str]:
        """As readers see it, who drop an `operationId` that they know."""
        lines: dict[str, str] = {}
        for each in self.publisher.records(Channel.BONUS_JOURNAL):
            read = json.loads(each.value or b"")
            told = f"{read['type']} {read['takenMajor']} → {read['balanceAfterMajor']}"
            assert lines.setdefault(read["operationId"], told) == told
        return list(lines.values())


JOURNAL = ["BONUS_CREDIT 10.00 → 10.00", "BONUS_CREDIT 20.05 → 30.05", "BONUS_CREDIT 30.00 → 60.05"]


async def upgraded() -> tuple[Upgrade, Upgrade]:
    """A lane after the first batch of the new release; and as the release before left it."""
    place = Upgrade()
    await place.work_off()
    assert (await place.value())[0] == 1
    assert place.journal() == JOURNAL
    tables = deepcopy(place.tables)
    place.codec = CODEC_VERSION
    place.add(AFTER)
    await place.work_off()
    left = Upgrade()
    left.__dict__.update(place.__dict__)
    left.tables = tables
    return place, left


async def test_the_new_release_goes_on_where_the_old_one_stopped() -> None:
    place, _ = await upgraded()
    # The repeat does nothing; the refund gives the day's firing and credit back, so that the first
    # of the next two fits the 3 firings of the day (30 + 10 + 40 of 100), the second does not.
    assert place.journal()[3:] == ["BONUS_REVOKED 20.05 → 40.00", "BONUS_CREDIT 40.00 → 80.00"]
    assert (await place.value())[0] == CODEC_VERSION


@pytest.mark.parametrize("falls", ["back to the older form", "to nothing"])
async def test_tables_that_fall_come_to_the_same_bytes_again(falls: str) -> None:
    place, left = await upgraded()
    if falls == "to nothing":
        left.forget_tables()
    await left.work_off()
    assert await left.value() == await place.value()
    before, after = (await place.tables.peek())[0], (await left.tables.peek())[0]
    assert decode_head(after).seq == decode_head(before).seq
    assert left.journal() == place.journal()


async def test_states_of_the_same_version_are_still_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, left = await upgraded()
    monkeypatch.setattr("worker.evaluation.clients.pack_client", lambda state: b"\x02other")
    with pytest.raises(Diverged):
        await acquire(left.lane())


encode = msgpack.Encoder(decimal_format="string").encode


def version_1(state: ClientState) -> bytes:
    """As version 1 wrote it; the ends of its longer digests are lost, so they are zeros."""
    counters, count = state.counters, entries_in(state.memory)
    ids, instants = state.memory[2 : 2 + 9 * count], state.memory[2 + 9 * count :]
    assert len(instants) == 8 * count, "an event of these is older than 48 hours"
    entries = [
        ids[9 * n : 9 * n + 6] + b"\0\0" + ids[9 * n + 6 : 9 * n + 9] + b"\0"
        + instants[8 * n : 8 * n + 8]
        for n in range(count)
    ]  # fmt: skip
    fields = (
        state.topup_total,
        state.topup_count,
        state.spent_total,
        state.visit_count,
        state.first_visit_at,
        state.last_visit_at,
        state.registered_at,
        state.birthday,
        state.groups,
        state.group_changes,
        state.latest_at,
        b"".join(entries),
        counters.firings,
        counters.limit_counts,
        counters.credited,
        counters.pushed,
        state.last_club,
        b"",
        account_1(state.account),
        state.lapses_at,
    )
    return b"\x01" + encode(fields)


def account_1(packed: bytes) -> bytes:
    account = unpack_account(packed)
    rules = tuple(dict.fromkeys(each.rule_id for each in account.batches))
    head = encode(
        (account.balance, account.opened, len(account.batches), account.commanded_at, rules)
    )
    batches = b"".join(encode(batch_1(each, rules)) for each in account.batches)
    return len(head).to_bytes(2, "big") + head + batches


def batch_1(batch: Batch, rules: tuple[str, ...]) -> tuple[Any, ...]:
    return (
        batch.number,
        batch.id,
        batch.left,
        batch.expires_at,
        rules.index(batch.rule_id),
        batch.earned,
        batch.product_types,
        batch.product_ids,
        batch.opened_by,
        batch.emptied_at,
    )
