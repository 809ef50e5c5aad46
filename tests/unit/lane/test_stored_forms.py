"""The bytes of what outlives a release, in the lane log and in Redis: a field more is a head that
its log disowns, and outputs that their plan does not recognise."""

import pytest

from rules_engine.timers.due import Due, Rank
from schemas.records import Output
from worker.lane.commit import decode_outbox, encode_outbox
from worker.lane.plan import Head, Plan, Range, Start, Terms, decode_head, decode_record, encode

NOON = 1_790_000_000_000_000
MINUTE_US = 60_000_000
TERMS = Terms(5 * MINUTE_US, MINUTE_US, 1440 * MINUTE_US, evaluation=7, codec=3)
TERMS_BYTES = "95ce11e1a300ce03938700cf000000141dd760000703"
OUTPUTS = [
    Output("BONUS_COMMANDS", b"c-1", b"{}", (("type", b"ADD_BONUS"),)),
    Output("BUDGETS", None, b"b", partition=2),
]


@pytest.mark.parametrize(
    ("record", "raw"),
    [
        pytest.param(
            Start("pod-1", TERMS), "93a57374617274a5706f642d31" + TERMS_BYTES, id="a start"
        ),
        pytest.param(
            Plan(
                term=4,
                seq=9,
                done=8,
                wall=NOON,
                ranges=(Range("loyalty.visits", 3, 5),),
                rules={"network": "abc"},
                outputs_digest=b"o",
                states_digest=b"s",
                cut=("loyalty.topups", 7),
                since=1,
                timers=2,
                timer=Due(NOON, Rank.BIRTHDAY, "network\x1fc-1"),
                again=NOON + MINUTE_US,
            ),
            "dc0011a4706c616e040908cf00065bfeda25e000c29193ae6c6f79616c74792e766973697473030581a76e"
            "6574776f726ba3616263c4016fc40173800092ae6c6f79616c74792e746f70757073070102"
            "93cf00065bfeda25e00004ab6e6574776f726b1f632d31cf00065bfeddb96700",
            id="a plan",
        ),
    ],
)
def test_records_of_the_log(record: Start | Plan, raw: str) -> None:
    assert encode(record).hex() == raw
    assert decode_record(bytes.fromhex(raw)) == record


def test_the_head() -> None:
    head = Head(9, 17, b"d", {"loyalty.visits": 6}, 3, NOON, TERMS)
    raw = "980911c4016481ae6c6f79616c74792e7669736974730603cf00065bfeda25e000" + TERMS_BYTES + "c0"
    assert encode(head).hex() == raw
    assert decode_head(bytes.fromhex(raw)) == head


def test_the_outbox() -> None:
    raw = (
        "9295ae424f4e55535f434f4d4d414e4453c403632d31c4027b7d9192a474797065c4094144445f424f4e5553c0"
        "95a742554447455453c0c401629002"
    )
    assert encode_outbox(OUTPUTS).hex() == raw
    assert decode_outbox(bytes.fromhex(raw)) == OUTPUTS
