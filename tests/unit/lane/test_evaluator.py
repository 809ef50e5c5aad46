"""One batch of the loyalty domain: every record ends in one of applied, duplicate, dead letter, and
a replay of any prefix comes out the same."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.records import InputRecord, Output
from worker.evaluation import evaluation as module
from worker.evaluation.evaluator import LoyaltyEvaluator, make_terms
from worker.evaluation.report import BatchReport, NoReport
from worker.lane.evaluator_port import Evaluated, Moment
from worker.lane.plan import Terms

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
ladders:
  - id: everyday
    name: Everyday
    tiers: [{id: entry, atLeast: 200, percent: 5}, {id: anchor, atLeast: 400, percent: 12}]
rules:
  - id: third
    name: Every top-up after the second
    trigger: BALANCE_TOPPED_UP
    when: topupCount >= 2
    actions: [{type: ASSIGN_GROUP, groupId: regulars}]
"""
TERMS = make_terms(300, 120, 180)
NOON = 1_772_442_000_000_000  # 2026-03-02T12:00:00+03:00
AT_NOON = Moment(NOON, 0, False)
CHANNELS = {"t": "TOPUPS", "v": "VISITS"}


@pytest.fixture(scope="module", name="rule_set")
def _rule_set() -> CompiledRuleSet:
    return compile_rule_set(load_rule_set(RULES, "rules.yaml"))


class OneSet:
    """A rule book of one set, whatever hash is asked for."""

    def __init__(self, rule_set: CompiledRuleSet) -> None:
        self.rule_set = rule_set

    def rules_of(self, named: Mapping[str, str | None] | None) -> Mapping[str, CompiledRuleSet]:
        if named is None:
            return {"izi": self.rule_set}
        return {org: self.rule_set for org, content_hash in named.items() if content_hash}

    async def learn(self, named: Mapping[str, str | None]) -> None: ...


def evaluator(rule_set: CompiledRuleSet) -> LoyaltyEvaluator:
    return LoyaltyEvaluator(CHANNELS, OneSet(rule_set), TERMS)


def all_kinds() -> list[InputRecord]:
    """Applied, a duplicate, and each way to the dead letters."""
    return [
        topup(0, "c-1", "200"),
        topup(1, "c-1", "200", event="e0"),
        topup(2, "c-1", "300", event="e0"),
        topup(3, "c-1", "-1"),
        InputRecord("t", 0, 4, NOON // 1000, b"c-1", b"{"),
        topup(5, "c-1", "200", at=NOON - 301_000_000),
        topup(6, "c-1", "200", at=NOON - 300_000_000),
    ]


def topup(offset: int, client: str, amount: str, *, event: str = "", at: int = NOON) -> InputRecord:
    value = {
        "eventId": event or f"e{offset}",
        "type": "BALANCE_TOPPED_UP",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": client,
        "occurredAt": "2026-03-02T12:00:00+03:00",
        "topupAmountMajor": amount,
        "topUpSource": "POS_TERMINAL",
    }
    headers = (("traceparent", b"00-1"), ("other", b"x"))
    stamp = at // 1000
    raw = json.dumps(value).encode()
    return InputRecord("t", 0, offset, stamp, client.encode(), raw, headers)


def run(
    subject: LoyaltyEvaluator,
    records: list[InputRecord],
    values: Mapping[str, bytes] | None = None,
    moment: Moment = AT_NOON,
    rules: Mapping[str, str | None] | None = None,
    terms: Terms = TERMS,
) -> Evaluated:
    work = subject.prepare(records, rules)
    known = dict.fromkeys(work.keys, b"")
    return subject.evaluate(work, {**known, **(values or {})}, moment, terms)


def command(output: Output) -> dict[str, object]:
    assert output.value is not None
    parsed: dict[str, object] = json.loads(output.value)
    return parsed


def test_a_top_up_becomes_a_command_with_its_headers(rule_set: CompiledRuleSet) -> None:
    result = run(evaluator(rule_set), [topup(7, "c-1", "400.00")])
    output, booked = result.outputs
    got = command(output)
    assert (output.channel, output.key) == ("BONUS_COMMANDS", b"c-1")
    assert (got["ruleId"], got["amountMajor"]) == ("everyday.anchor", "48.00")
    assert got["causedBy"] == {
        "eventId": "e7",
        "type": "BALANCE_TOPPED_UP",
        "topic": "t",
        "partition": 0,
        "offset": 7,
    }
    names = [name for name, _ in output.headers]
    assert names == ["type", "organizationId", "commandId", "traceparent"]
    assert (booked.channel, booked.key) == ("BONUS_JOURNAL", b"c-1")
    assert command(booked)["operationId"] == got["commandId"]
    names = [name for name, _ in booked.headers]
    assert names == ["type", "organizationId", "operationId", "traceparent", "ruleSetVersion"]
    assert dict(booked.headers)["ruleSetVersion"] == rule_set.version.encode()
    assert result.rules == {"izi": rule_set.content_hash}
    assert list(result.values) == ["izi\x1fc-1"]


def test_every_record_ends_in_exactly_one_way(rule_set: CompiledRuleSet) -> None:
    records = all_kinds()
    result = run(evaluator(rule_set), records)
    report = result.report
    assert isinstance(report, BatchReport)
    assert sum(report.events.values()) + sum(report.dead_letters.values()) == len(records)
    assert report.duplicates == {"izi": 1}
    assert report.dead_letters == {
        ("t", "EVENT_ID_REUSED"): 1,
        ("t", "OUT_OF_RANGE"): 1,
        ("t", "NOT_JSON"): 1,
        ("t", "IN_FUTURE"): 1,
    }
    kinds = [output.channel for output in result.outputs]
    paid = ["BONUS_COMMANDS", "BONUS_JOURNAL"]
    assert kinds == [*paid, *["DEAD_LETTERS"] * 4, *paid]


def test_a_batch_that_nobody_asks_about_comes_to_the_same_and_is_not_counted(
    rule_set: CompiledRuleSet,
) -> None:
    uncounted = LoyaltyEvaluator(CHANNELS, OneSet(rule_set), TERMS, report=NoReport)
    result, counted = run(uncounted, all_kinds()), run(evaluator(rule_set), all_kinds())
    assert result.report == NoReport()
    assert replace(result, report=None) == replace(counted, report=None)


def test_the_clock_follows_events_but_never_passes_the_wall(rule_set: CompiledRuleSet) -> None:
    records = [topup(0, "c-1", "200")]
    behind = Moment(NOON - 5, 1, False)
    assert run(evaluator(rule_set), records, moment=behind).clock == NOON - 5
    ahead = Moment(NOON + 9, 1, False)
    assert run(evaluator(rule_set), records, moment=ahead).clock == NOON
    idle = Moment(NOON + 9, 1, True)
    assert run(evaluator(rule_set), records, moment=idle).clock == NOON + 9
    dead = [InputRecord("t", 0, 0, NOON // 1000, None, b"{")]
    assert run(evaluator(rule_set), dead, moment=ahead).clock == 1


def test_the_clock_does_not_follow_the_wall_past_records_that_a_cut_left(
    rule_set: CompiledRuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 1)
    idle = Moment(NOON + 9, 1, True)
    result = run(evaluator(rule_set), [topup(0, "a", "200"), topup(1, "b", "200")], moment=idle)
    assert (result.taken, result.clock) == (1, NOON)


def test_an_organization_without_rules_keeps_its_state(rule_set: CompiledRuleSet) -> None:
    result = run(evaluator(rule_set), [topup(0, "c-1", "200")], rules={"izi": None})
    assert (result.outputs, list(result.values)) == ([], ["izi\x1fc-1"])
    assert result.rules == {"izi": None}


def test_a_batch_ends_before_the_outbox_overflows(
    rule_set: CompiledRuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OUTBOX_BYTES", 1000)
    result = run(evaluator(rule_set), [topup(n, f"c-{n}", "400") for n in range(9)])
    assert 1 <= result.taken < 9
    assert len(result.outputs) == 2 * result.taken


def test_a_batch_ends_before_the_keys_overflow(
    rule_set: CompiledRuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 3)
    records = [topup(n, f"c-{n % 5}", "400") for n in range(9)]
    result = run(evaluator(rule_set), records)
    assert (result.taken, len(result.values)) == (3, 3)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["199.99", "200", "400", "0"])), max_size=12
    ),
    st.integers(0, 12),
)
def test_two_plans_come_to_the_same_as_one(
    rule_set: CompiledRuleSet, drawn: list[tuple[int, str]], cut: int
) -> None:
    records = [topup(n, f"c-{client}", amount) for n, (client, amount) in enumerate(drawn)]
    subject = evaluator(rule_set)
    whole = run(subject, records)
    first = run(subject, records[:cut])
    second = run(subject, records[cut:], first.values, Moment(NOON, first.clock, False))
    assert [*first.outputs, *second.outputs] == whole.outputs
    assert {**first.values, **second.values} == whole.values
