"""The bonus account in batches: payments under keys of their own, lapses by the lane's clock."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.instants import instant_text
from schemas.records import InputRecord
from tests.unit.lane.test_evaluator import OneSet
from worker.errors import LoudStop
from worker.evaluation import evaluation as module
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.evaluation.report import BatchReport
from worker.lane.evaluator_port import Evaluated, Moment
from worker.tables.codec import unpack_payment

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: r
    trigger: BALANCE_TOPPED_UP
    actions: [{type: ADD_BONUS, formula: "50", expiresInDays: 1}]
"""
SECOND, DAY = 1_000_000, 86_400_000_000
NOON = 1_772_442_000_000_000  # 2026-03-02T12:00:00+03:00
KEY = "izi\x1fc-1\x1fpayment\x1fp-1"


@pytest.fixture(scope="module", name="rule_set")
def _rule_set() -> CompiledRuleSet:
    return compile_rule_set(load_rule_set(RULES, "rules.yaml"))


class Lane:
    """Batches one after another: what they wrote is what the next one reads."""

    def __init__(self, rule_set: CompiledRuleSet) -> None:
        channels = {"t": "TOPUPS", "p": "PAYMENTS", "v": "VISITS"}
        self.terms = make_terms(300, 120, 180)
        self.subject = LoyaltyEvaluator(channels, OneSet(rule_set), self.terms)
        self.values: dict[str, bytes] = {}
        self.offset, self.clock = 0, 0
        self.journal: list[str] = []

    def record(self, topic: str, kind: str, at: int, **fields: Any) -> InputRecord:
        self.offset += 1
        event = {
            "eventId": f"e-{self.offset}",
            "type": kind,
            "organizationId": "izi",
            "clubId": "club-1",
            "clientId": "c-1",
            "occurredAt": instant_text(at),
        }
        raw = json.dumps(event | fields).encode()
        return InputRecord(topic, 0, self.offset, at // 1000, b"c-1", raw)

    def take(self, *records: InputRecord) -> Evaluated:
        work = self.subject.prepare(records, None)
        known = {key: self.values.get(key, b"") for key in work.keys}
        moment = Moment(self.offset * DAY + NOON + 999 * DAY, self.clock, False)
        evaluated = self.subject.evaluate(work, known, moment, self.terms)
        self.values |= evaluated.values
        self.clock = evaluated.clock
        for output in evaluated.outputs:
            read: Mapping[str, Any] = json.loads(output.value or b"")
            if output.channel == "BONUS_JOURNAL":
                self.journal.append(f"{read['type']} {read['takenMajor']}")
            elif output.channel == "DEAD_LETTERS":
                self.journal.append(dict(output.headers)["error.code"].decode())
        return evaluated

    def topup(self, at: int = NOON) -> InputRecord:
        fields = {"topupAmountMajor": "100", "topUpSource": "POS_TERMINAL"}
        return self.record("t", "BALANCE_TOPPED_UP", at, **fields)

    def visit(self, at: int, **fields: Any) -> InputRecord:
        return self.record("v", "VISIT_STARTED", at, visitId="v", tariffId="t", **fields)

    def pay(self, bonus: str = "20", at: int = NOON, payment: str = "p-1") -> InputRecord:
        fields = {"totalAmountMajor": "100", "productType": "BAR", "productId": "tea"}
        given = {"paymentId": payment, "bonusAmountMajor": bonus}
        return self.record("p", "PAYMENT_MADE", at, **fields, **given)

    def refund(self, bonus: str, at: int = NOON) -> InputRecord:
        fields = {"paymentId": "p-1", "refundAmountMajor": "100", "bonusAmountMajor": bonus}
        return self.record("p", "PAYMENT_REFUNDED", at, **fields)


@pytest.fixture
def lane(rule_set: CompiledRuleSet) -> Lane:
    return Lane(rule_set)


def test_a_payment_is_a_value_of_its_own_from_batch_to_batch(lane: Lane) -> None:
    assert sorted(lane.take(lane.topup(), lane.pay()).values) == ["izi\x1fc-1", KEY]
    lane.take(lane.refund("15"))
    lane.take(lane.refund("15"))
    assert lane.journal == [
        "BONUS_CREDIT 50.00",
        "BONUS_PAYMENT 20.00",
        "BONUS_REFUND 15.00",
        "BONUS_REFUND 5.00",
    ]
    assert not unpack_payment(lane.values[KEY]).unsettled


def test_a_batch_knows_the_payments_that_it_made_itself(lane: Lane) -> None:
    lane.take(lane.topup(), lane.pay(), lane.refund("15"), lane.refund("15"), lane.pay("1"))
    assert lane.journal[1:] == [
        "BONUS_PAYMENT 20.00",
        "BONUS_REFUND 15.00",
        "BONUS_REFUND 5.00",
        "PAYMENT_ID_REUSED",
    ]


def test_only_payments_and_refunds_of_bonuses_load_a_payment(lane: Lane) -> None:
    records = [lane.topup(), lane.refund("0"), lane.visit(NOON)]
    assert list(lane.subject.prepare(records, None).keys) == ["izi\x1fc-1"]
    assert list(lane.subject.prepare([lane.pay("0")], None).keys) == ["izi\x1fc-1", KEY]


def test_a_lapse_waits_for_its_grace_by_the_lanes_clock(lane: Lane) -> None:
    lane.take(lane.topup())
    lane.take(lane.visit(NOON + DAY + 120 * SECOND - 1))
    # it cannot be used any more, though it is still in the balance
    lane.take(lane.pay("10", NOON + DAY + 1))
    assert lane.journal[1:] == ["BONUS_PAYMENT 0.00"]
    lane.take(lane.visit(NOON + DAY + 120 * SECOND))
    assert lane.journal[2:] == ["BONUS_EXPIRY 50.00"]


def test_drift_is_counted(lane: Lane) -> None:
    lane.take(lane.topup())
    report = lane.take(lane.visit(NOON + 600 * SECOND, client={"bonusBalanceMajor": "49"})).report
    assert isinstance(report, BatchReport)
    assert report.drifts == {"izi": 1}


def test_payments_count_among_the_values_of_a_commit(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 3)
    records = [lane.pay("1", payment=f"p-{number}") for number in range(9)]
    assert lane.take(*records).taken == 2


def test_a_payment_of_another_release_is_a_loud_stop() -> None:
    with pytest.raises(LoudStop):
        unpack_payment(b"\x09")
    with pytest.raises(LoudStop):
        unpack_payment(b"\x01\xff")
