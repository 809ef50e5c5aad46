"""However clients begin, live and are forgotten: the journal adds up to the account, and an event
that comes twice is as one that came once."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.account.packed import balance_of, unpack_account
from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.simulate import simulate
from tests.unit.books.stories import RULES, SUBTRACTING

RULE_SET = compile_rule_set(load_rule_set(RULES, "rules.yaml"))
AMOUNTS = st.integers(1, 5_000).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
DAYS = st.integers(1, 20)
PAYMENT_IDS = st.sampled_from(["p-1", "p-2"])

BATCHES = st.lists(
    st.fixed_dictionaries(
        {"amountMajor": AMOUNTS},
        optional={
            "expiresAt": DAYS.map(lambda day: f"2026-03-{day + 5:02}T00:00:00Z"),
            "restriction": st.just({"productTypes": ["BAR"]}),
        },
    ),
    max_size=3,
)
PRODUCT = {"productType": "TARIFF", "productId": "part"}
EVENTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda held: {"type": "CLIENT_IMPORTED", "batches": held}, BATCHES),
    st.builds(lambda held: {"type": "CLIENT_IMPORTED", "bonusBalanceMajor": held}, AMOUNTS),
    st.just({"type": "CLIENT_FORGOTTEN"}),
    st.builds(
        lambda held: {
            "type": "BALANCE_TOPPED_UP",
            "topupAmountMajor": held,
            "topUpSource": "POS_TERMINAL",
        },
        AMOUNTS,
    ),
    st.builds(
        lambda held: {"type": "BONUS_CREDITED", "amountMajor": held, "executor": "Anna"}, AMOUNTS
    ),
    st.builds(
        lambda name, held: {
            "type": "PAYMENT_MADE",
            "paymentId": name,
            "totalAmountMajor": "100",
            "bonusAmountMajor": held,
            **PRODUCT,
        },
        PAYMENT_IDS,
        AMOUNTS,
    ),
    st.builds(
        lambda name, held: {
            "type": "PAYMENT_REFUNDED",
            "paymentId": name,
            "refundAmountMajor": "60",
            "bonusAmountMajor": held,
        },
        PAYMENT_IDS,
        AMOUNTS,
    ),
)


def line(number: int, event: dict[str, Any]) -> bytes:
    envelope = {
        "eventId": f"e-{number}",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": f"2026-03-{number + 1:02}T12:00:00Z",
    }
    return json.dumps({**envelope, **event}).encode()


class Told:
    """`commands`: their ids; `journal` without the places of events, which repeats move; `taken`:
    the lines that were not refused; `balance` at the end."""

    def __init__(self, lines: list[bytes]) -> None:
        self.commands: list[str] = []
        self.journal: list[dict[str, Any]] = []
        self.taken: list[bytes] = []
        self.balance = Decimal(0)
        for each in simulate(RULE_SET, lines):
            self.commands += [json.loads(command)["commandId"] for command in each.commands]
            records = map(json.loads, each.journal)
            self.journal += [each | {"causedBy": each["causedBy"]["eventId"]} for each in records]
            assert each.outcome is not None
            if each.event is not None and each.outcome.rejected is None:
                self.taken.append(lines[each.line])
            account = each.outcome.client.account
            self.balance = balance_of(account)
            left = [batch.left for batch in unpack_account(account).batches]
            assert sum(left, Decimal(0)) == self.balance


@settings(max_examples=150)
@given(events=st.lists(EVENTS, min_size=1, max_size=14), data=st.data())
def test_the_journal_adds_up_and_repeats_change_nothing(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    once = [line(number, event) for number, event in enumerate(events)]
    told = Told(once)
    sum_ = Decimal(0)
    for record in told.journal:
        taken = Decimal(record["takenMajor"])
        sum_ += -taken if record["type"] in SUBTRACTING else taken
        assert Decimal(record["balanceAfterMajor"]) == sum_
    assert sum_ == told.balance

    again = list(once)
    for sent in data.draw(st.lists(st.sampled_from(told.taken), max_size=4)) if told.taken else ():
        again.insert(data.draw(st.integers(again.index(sent) + 1, len(again))), sent)
    repeated = Told(again)
    assert repeated.commands == told.commands
    assert repeated.journal == told.journal
    assert repeated.balance == told.balance
