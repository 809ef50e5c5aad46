"""Which plans of a lane log count: cases drawn by hand from the rule."""

import pytest

from worker.errors import BadLog
from worker.lane.plan import (
    EMPTY,
    Chain,
    Head,
    Plan,
    Range,
    Start,
    Terms,
    advance,
    decode_head,
    decode_record,
    encode,
    fold,
)

TERMS = Terms(300, 120, 180, 1, 1)
OTHER = Terms(60, 120, 180, 1, 1)


def start(terms: Terms = TERMS) -> Start:
    return Start("w", terms)


def plan(term: int, seq: int, done: int = 0) -> Plan:
    return Plan(term=term, seq=seq, done=done, wall=1)


def folded(records: list[Start | Plan], head: Head = EMPTY, first: int = 0) -> Chain:
    numbered = [(first + n, record, bytes([n])) for n, record in enumerate(records)]
    return fold(numbered, head)


def offsets(chain: Chain) -> list[int]:
    return [link.offset for link in chain.plans]


def test_plans_of_the_latest_term_count_in_sequence() -> None:
    chain = folded([start(), plan(0, 1), plan(0, 2), start()])
    assert (chain.term, offsets(chain)) == (3, [1, 2])


def test_a_plan_that_lands_after_a_later_start_is_void() -> None:
    chain = folded([start(), plan(0, 1), start(), plan(0, 2), plan(2, 2), start()])
    assert offsets(chain) == [1, 4]


def test_the_first_of_two_plans_of_one_sequence_counts() -> None:
    chain = folded([start(), plan(0, 1), plan(0, 1), start()])
    assert offsets(chain) == [1]


def test_plans_carry_the_terms_of_their_start() -> None:
    chain = folded([start(), plan(0, 1), start(OTHER), plan(2, 2)])
    assert [link.terms for link in chain.plans] == [TERMS, OTHER]


def test_plans_after_the_head_of_a_running_term_have_the_heads_terms() -> None:
    head = Head(4, 10, bytes([0]), {}, 6, 0, OTHER)
    chain = folded([plan(7, 4), plan(7, 5), start()], head, first=10)
    assert [(link.offset, link.terms) for link in chain.plans] == [(11, OTHER)]
    assert chain.head_plan is not None
    assert chain.head_plan.seq == 4


def test_done_is_the_largest_that_anybody_knew() -> None:
    chain = folded([start(), plan(0, 1), start(), plan(0, 2, done=1), plan(2, 2), start()])
    assert chain.done == 1


def test_a_head_that_the_log_does_not_know_is_a_loud_stop() -> None:
    head = Head(4, 10, bytes([9]), {}, 6, 0, TERMS)
    with pytest.raises(BadLog, match="not the state's plan"):
        folded([plan(7, 4)], head, first=10)


def test_a_gap_in_the_sequence_is_a_loud_stop() -> None:
    with pytest.raises(BadLog, match="from plan 1 to plan 3"):
        folded([start(), plan(0, 1), plan(0, 3)])


def test_positions_move_past_the_ranges_and_take_in_new_topics() -> None:
    moved = Plan(term=0, seq=2, done=0, wall=1, ranges=(Range("a", 3, 5),), positions={"b": 7})
    assert advance({"a": 3}, moved) == {"a": 6, "b": 7}
    with pytest.raises(BadLog, match="takes a from 3"):
        advance({"a": 4}, moved)


def test_records_and_heads_survive_the_wire() -> None:
    head = Head(4, 10, b"12345678", {"a": 3}, 6, 99, TERMS)
    whole = Plan(term=1, seq=2, done=1, wall=5, idle=True, rules={"o": "h", "p": None})
    assert decode_head(encode(head)) == head
    assert decode_record(encode(whole)) == whole
    assert decode_record(encode(start())) == start()


def test_a_plan_of_before_second_tries_were_dated_was_made_at_its_wall_clock() -> None:
    raw = bytes.fromhex(
        "dc0010a4706c616e040908cf00065bfeda25e000c29193ae6c6f79616c74792e76697369747303"
        "0581a76e6574776f726ba3616263c4016fc40173800092ae6c6f79616c74792e746f7075707307"
        "0102c0"
    )
    noon = 1_790_000_000_000_000
    plan = decode_record(raw)
    assert plan == Plan(
        term=4,
        seq=9,
        done=8,
        wall=noon,
        ranges=(Range("loyalty.visits", 3, 5),),
        rules={"network": "abc"},
        outputs_digest=b"o",
        states_digest=b"s",
        cut=("loyalty.topups", 7),
        since=1,
        timers=2,
    )
    assert isinstance(plan, Plan)
    assert plan.made_at == noon


def test_what_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(BadLog, match="TOPIC_LANE_LOG"):
        decode_record(b"{}")
    with pytest.raises(BadLog, match="REDIS_KEY_PREFIX"):
        decode_head(b"x")
