"""A small part of `make fuzz`, and the proof that its accounts would not balance by themselves."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from schemas.records import Record
from tests.fuzz.accountant import APPLIED, DUPLICATE
from tests.fuzz.records import Round
from tests.fuzz.rounds import Unaccounted, account, run_round
from tests.fuzz.run import fuzz_records
from tests.fuzz.texts import fuzz_texts
from worker.evaluation.evaluator import LoyaltyEvaluator
from worker.lane.evaluator_port import Work


async def test_every_record_is_applied_a_duplicate_or_a_dead_letter() -> None:
    ran = await fuzz_records(1_000_000, 4_000)
    assert ran.broken == 0
    assert ran.fates.total() == 4_000


CODES = {
    *("NOT_UTF8", "NOT_JSON", "SCHEMA", "UNKNOWN_TYPE", "WRONG_TOPIC", "OUT_OF_RANGE"),
    *("KEY_MISMATCH", "EVENT_ID_REUSED", "PAYMENT_ID_REUSED", "IN_FUTURE", "TOO_LARGE"),
    "NOT_IMPORTED",
}
TIMERS = {
    *("BONUS_EXPIRY", "GROUP_EXPIRY", "BONUS_EXPIRED", "BONUS_EXPIRING", "BIRTHDAY"),
    *("AFTER_FIRST_VISIT", "CLIENT_ABSENT"),
}


def test_every_fate_and_every_timer_comes_up() -> None:
    fates, caused = Counter[str](), Counter[str]()
    for seed in range(12):
        due = account(Round(seed, 1_000).records)
        fates += due.fates
        caused += due.caused
    assert {cause for cause in caused if "timer" in cause} == {f"timer {each}" for each in TIMERS}
    assert {"CLIENT_IMPORTED", "CLIENT_FORGOTTEN", "CLIENT_UPDATED"} <= set(caused)
    assert set(fates) == {APPLIED, DUPLICATE, *CODES}
    assert fates[APPLIED] > 0.3 * fates.total()


async def test_a_lane_that_passes_over_a_record_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = LoyaltyEvaluator.prepare

    def forgetful(
        self: LoyaltyEvaluator, records: Sequence[Record], rules: Mapping[str, str | None] | None
    ) -> Work:
        again = replace_offset(records, 77, by=76)
        return prepare(self, again, rules)

    monkeypatch.setattr(LoyaltyEvaluator, "prepare", forgetful)
    with pytest.raises(Unaccounted):
        await run_round(1, 1_000)


def replace_offset(records: Sequence[Record], offset: int, *, by: int) -> list[Record]:
    """The record of an offset read as the one before it, where both are in one batch."""
    known = {(record.topic, record.offset): record for record in records}
    return [
        known.get((record.topic, by), record) if record.offset == offset else record
        for record in records
    ]


def test_every_mutated_rule_file_and_setting_has_a_clear_answer() -> None:
    counts = fuzz_texts(2_000_000, 250)
    assert sum(counts.values()) == 500
    assert len(counts) == 4, "both are taken and refused"
