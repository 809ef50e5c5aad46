"""Imports and erasures in batches: what the lane writes, and what its index is to hold."""

import pytest

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from schemas.records import InputRecord
from tests.unit.lane.test_account import DAY, KEY, NOON, RULES, Lane
from tests.unit.lane.test_evaluator import OneSet
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.index.entries import forgotten_entry, payment_entry
from worker.tables.codec import unpack_client, unpack_payment

CLIENT = "izi\x1fc-1"


class Club(Lane):
    """The same lane with the topic of clients."""

    def __init__(self) -> None:
        rule_set = compile_rule_set(load_rule_set(RULES, "rules.yaml"))
        super().__init__(rule_set)
        channels = {"t": "TOPUPS", "p": "PAYMENTS", "v": "VISITS", "c": "CLIENTS"}
        self.subject = LoyaltyEvaluator(channels, OneSet(rule_set), self.terms)

    def imported(self, balance: str = "30", at: int = NOON) -> InputRecord:
        return self.record("c", "CLIENT_IMPORTED", at, bonusBalanceMajor=balance)

    def forgotten(self, at: int = NOON) -> InputRecord:
        return self.record("c", "CLIENT_FORGOTTEN", at)


@pytest.fixture
def club() -> Club:
    return Club()


def test_an_import_is_spent_from_the_next_record_on(club: Club) -> None:
    club.take(club.imported(), club.pay("20"))
    assert club.journal == ["BONUS_OPENING 30.00", "BONUS_PAYMENT 20.00"]
    club.take(club.imported("50"))
    assert club.journal[2:] == ["NOT_IMPORTED"]


def test_an_erasure_is_noted_in_the_index_and_needs_no_payment(club: Club) -> None:
    club.take(club.imported(), club.pay("20"))
    work = club.forgotten()
    assert list(club.subject.prepare([work], None).keys) == [CLIENT]
    evaluated = club.take(work)
    assert list(evaluated.values) == [CLIENT]
    assert evaluated.index.add == [forgotten_entry(CLIENT)]
    assert club.journal[2:] == ["BONUS_ADJUSTMENT -10.00"]
    assert unpack_client(evaluated.values[CLIENT]).life == 1


def test_an_erasure_takes_effect_though_the_payment_is_not_deleted_yet(club: Club) -> None:
    club.take(club.imported(), club.pay("20"), club.forgotten(), club.refund("20"))
    # a refund of an unknown payment; the remembered one would give back to the batch that paid
    assert club.journal[2:] == ["BONUS_ADJUSTMENT -10.00", "BONUS_REFUND 20.00"]
    assert str(unpack_payment(club.values[KEY]).unsettled) == "20.00"


def test_the_same_payment_id_in_another_life_is_another_payment(club: Club) -> None:
    club.take(club.pay("20"))
    for day in range(1, 20):  # until nothing remembers its event
        club.take(club.visit(NOON + day * DAY))
    club.take(club.forgotten(NOON + 20 * DAY), club.imported("30", NOON + 20 * DAY))
    evaluated = club.take(club.pay("15", NOON))
    assert payment_entry(NOON, KEY) in evaluated.index.add
    payment = unpack_payment(evaluated.values[KEY])
    assert (payment.life, str(payment.spent)) == (1, "15.00")
