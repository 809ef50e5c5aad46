"""What events come to in the journal, worked out by hand."""

from typing import Any

import pytest

from schemas.ids import command_id, operation_id
from tests.unit.books.stories import HEAD, Story


def test_a_rules_credit() -> None:
    (record,) = Story().topup("400").records()
    made = command_id("izi", "c-1", "e-1", "tenth", 0)
    assert record == {
        "operationId": made,
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "currency": "RUB",
        "type": "BONUS_CREDIT",
        "executor": "SYSTEM",
        "reason": None,
        "causedBy": {
            "eventId": "e-1",
            "type": "BALANCE_TOPPED_UP",
            "topic": "loyalty.topups",
            "partition": 0,
            "offset": 0,
            "shiftId": "s-1",
            "topUpSource": "CASH",
        },
        "ruleId": "tenth",
        "tags": ["topup"],
        "batchId": made,
        "amountMajor": "40.00",
        "takenMajor": "40.00",
        "balanceAfterMajor": "40.00",
        "violations": [],
        "occurredAt": "2026-03-02T09:00:00+00:00",
    }


def test_what_is_journaled_of_whom() -> None:
    story = Story().credit("50", reason="sorry").topup("100")
    story.pay("20").refund("5", "p-3")
    story.event("BONUS_WRITTEN_OFF", amountMajor="30", executor="Boris", reason="wrong client")
    story.event("PROMO_CODE_REDEEMED", code="SPRING", amountMajor="7", expiresInDays=1)
    records = story.records()
    assert story.journal() == [
        "CREDIT 50.00 → 50.00",
        "CREDIT 10.00 → 60.00",
        "PAYMENT 20.00 → 40.00",
        "REFUND 5.00 → 45.00",
        "WRITE_OFF 30.00 → 15.00",
        "PROMO_CREDIT 7.00 → 22.00",
    ]
    said = [(each["executor"], each["reason"], each["ruleId"]) for each in records]
    assert said == [
        ("Anna", "sorry", None),
        ("SYSTEM", None, "tenth"),
        ("SYSTEM", None, None),
        ("SYSTEM", None, None),
        ("Boris", "wrong client", None),
        ("SYSTEM", "SPRING", None),
    ]
    for each in records:
        event = each["causedBy"]["eventId"]
        if each["ruleId"] is None:
            assert each["operationId"] == operation_id("izi", "c-1", event, each["type"])
    opened = [each["batchId"] == each["operationId"] for each in records]
    assert opened == [True, True, False, False, False, True]
    assert [each["batchId"] for each in records[2:5]] == [None, None, None]


def test_a_payment_takes_the_soonest_and_may_break_rules() -> None:
    # 10 days from 12:00 and for ever; 50 % of 100 is 50
    story = Story().topup("100").credit("70").pay("60", "100").pay("30")
    assert story.journal()[2:] == [
        "PAYMENT 60.00 → 20.00 OVER_MAX_BONUS_PERCENT",
        "PAYMENT 30.00 took 20.00 → 0.00 OVER_BONUS_BALANCE",
    ]


def test_a_payment_without_a_bonus_part_is_no_operation() -> None:
    assert Story().pay("0").refund("0", "p-1").journal() == []


def test_a_batch_lapses_before_the_next_event_dated_at_its_instant() -> None:
    story = Story().topup("100", clubId="club-9").credit("5")
    records = story.pay("8", at="12 12:00").records()
    assert story.journal()[2:] == [
        "EXPIRY 10.00 → 5.00",
        "PAYMENT 8.00 took 5.00 → 0.00 OVER_BONUS_BALANCE",
    ]
    expiry = records[2]
    batch = command_id("izi", "c-1", "e-1", "tenth", 0)
    timer = f"timer:BONUS_EXPIRY:{batch}"
    assert expiry["occurredAt"] == "2026-03-12T09:00:00+00:00"
    assert expiry["operationId"] == operation_id("izi", "c-1", timer, "BONUS_EXPIRY", batch)
    assert (expiry["batchId"], expiry["ruleId"], expiry["clubId"]) == (batch, "tenth", "club-1")
    assert expiry["causedBy"]["eventId"] == timer


def test_a_lapse_is_of_the_clock_and_an_earlier_date_does_not_undo_it() -> None:
    story = Story().topup("100")
    story.topup("1", at="13 12:00", clientId="c-2").pay("8", at="03 12:00")
    assert story.journal()[1:] == [
        "EXPIRY 10.00 → 0.00",
        "PAYMENT 8.00 took 0.00 → 0.00 OVER_BONUS_BALANCE",
    ]


def test_a_promo_code_that_is_already_over_is_booked_and_ends_before_the_next_event() -> None:
    story = Story().credit("1", at="20 12:00")
    story.event("PROMO_CODE_REDEEMED", "02 12:00", code="A", amountMajor="7", expiresInDays=1)
    story.credit("1", at="20 12:00")
    assert story.journal() == [
        "CREDIT 1.00 → 1.00",
        "PROMO_CREDIT 7.00 → 8.00",
        "EXPIRY 7.00 → 1.00",
        "CREDIT 1.00 → 2.00",
    ]


@pytest.mark.parametrize(
    ("product", "told"),
    [
        ("pack", ["REFUND 50.00 → 95.00", "REFUND 5.00 → 100.00"]),
        ("gift", []),
        # 55 × 100 ÷ 200
        ("part", ["REFUND 27.50 → 72.50", "REFUND 27.50 → 100.00"]),
    ],
)
def test_the_policy_of_the_product(product: str, told: list[str]) -> None:
    story = Story().credit("100").pay("55", "200", productId=product)
    story.refund("50", "p-2", "100").refund("50", "p-2", "100")
    assert story.journal()[2:] == told


def test_a_refund_of_an_unknown_payment_opens_a_batch() -> None:
    story = Story().refund("50", "p-9")
    (record,) = story.records()
    assert story.journal() == ["REFUND 50.00 → 50.00"]
    assert record["batchId"] == record["operationId"]
    forfeits = HEAD + "productDefaults: {refundPolicy: FORFEIT}\nrules: []\n"
    assert Story(forfeits).refund("50", "p-9").journal() == []


def test_a_refund_that_gives_nothing_is_no_operation() -> None:
    """So the account has had none, and the CRM's balance opens it."""
    story = Story(HEAD + "productDefaults: {refundPolicy: FORFEIT}\nrules: []\n")
    story.refund("50", "p-9").event("CLIENT_UPDATED", bonusBalanceMajor="30")
    assert story.journal() == ["OPENING 30.00 → 30.00"]


def test_a_payment_is_forgotten_after_180_days() -> None:
    story = Story(HEAD + "rules: []\n").credit("100").pay("50")
    far: dict[str, Any] = {"paymentId": "p-2", "refundAmountMajor": "50", "bonusAmountMajor": "70"}
    known = {"occurredAt": "2026-08-29T12:00:00+03:00"}
    later = {"occurredAt": "2026-08-29T12:00:01+03:00"}
    assert story.event("PAYMENT_REFUNDED", **far, **known).journal()[2:] == [
        "REFUND 50.00 → 100.00"
    ]
    story.event("PAYMENT_REFUNDED", **far, **later)
    assert story.journal()[3:] == ["REFUND 70.00 → 170.00"]


def test_payment_ids_are_used_once() -> None:
    story = Story().credit("100").pay("50").pay("5", paymentId="p-2").pay("0", paymentId="p-2")
    story.pay("0").pay("0", paymentId="p-5", at="03 12:00")
    assert story.codes() == ["PAYMENT_ID_REUSED"] * 3
    assert story.journal()[1:] == ["PAYMENT 50.00 → 50.00"]


def test_a_payment_without_a_bonus_part_is_remembered_with_its_event() -> None:
    story = Story().pay("0")
    for _ in range(16):
        story.credit("1", at="08 12:00")
    story.pay("0", paymentId="p-1", at="08 12:00")
    assert story.codes() == []


def test_a_payment_with_a_bonus_part_is_remembered_longer_than_its_event() -> None:
    story = Story().pay("1")
    for _ in range(16):
        story.credit("1", at="08 12:00")
    assert story.pay("0", paymentId="p-1", at="08 12:00").codes() == ["PAYMENT_ID_REUSED"]


def test_the_crms_balance_opens_the_account_before_the_rules_look() -> None:
    rules = (
        HEAD
        + """
rules:
  - id: r
    trigger: BALANCE_TOPPED_UP
    when: bonusBalanceMajor == 30
    actions:
      - {type: ADD_BONUS, formula: bonusBalanceMajor / 10}
      - {type: SEND_PUSH, title: "{bonusBalanceMajor}", body: "b"}
"""
    )
    story = Story(rules).topup("1", client={"bonusBalanceMajor": "30"})
    assert story.journal() == ["OPENING 30.00 → 30.00", "CREDIT 3.00 → 33.00"]
    assert [each.get("title") for each in story.commands()] == [None, "30"]


def test_zero_opens_nothing_and_an_account_is_opened_once() -> None:
    story = Story(HEAD + "rules: []\n").topup("1", client={"bonusBalanceMajor": "0"})
    story.event("CLIENT_REGISTERED", bonusBalanceMajor="30").topup(
        "1", client={"bonusBalanceMajor": "50"}
    )
    assert story.journal() == ["OPENING 30.00 → 30.00"]


def drifts(story: Story) -> list[bool]:
    return [each.outcome.has_drifted for each in story.told() if each.outcome is not None]


def test_drift_counts_when_no_command_is_younger_than_ten_minutes() -> None:
    story = Story().topup("100")
    story.topup("1", "02 12:09", client={"bonusBalanceMajor": "5"})
    story.event(
        "VISIT_STARTED", "02 12:19", visitId="v", tariffId="t", client={"bonusBalanceMajor": "5"}
    )
    story.event(
        "VISIT_ENDED",
        "02 12:20",
        visitId="v",
        tariffId="t",
        durationMinutes=1,
        client={"bonusBalanceMajor": "10.10"},
    )
    assert drifts(story) == [False, False, True, False]


def test_a_resync_sets_the_account() -> None:
    story = Story().event("CLIENT_UPDATED", bonusBalanceMajor="20", resync=True).topup("100")
    story.event("CLIENT_UPDATED", bonusBalanceMajor="30", resync=True)
    story.event("CLIENT_UPDATED", bonusBalanceMajor="15", resync=True)
    story.event("CLIENT_UPDATED", bonusBalanceMajor="40", resync=True)
    assert story.journal() == [
        "OPENING 20.00 → 20.00",
        "CREDIT 10.00 → 30.00",
        "ADJUSTMENT -15.00 → 15.00",
        "ADJUSTMENT 25.00 → 40.00",
    ]


def test_a_promo_code_triggers_rules_on_the_state_before_it() -> None:
    rules = (
        HEAD
        + """
rules:
  - id: r
    trigger: PROMO_CODE_REDEEMED
    when: code == 'SPRING' and amountMajor > 5 and coalesce(expiresInDays, 100) == 100
    actions: [{type: ADD_BONUS, formula: amountMajor + bonusBalanceMajor}]
"""
    )
    story = Story(rules).event("PROMO_CODE_REDEEMED", code="SPRING", amountMajor="7")
    assert story.journal() == ["PROMO_CREDIT 7.00 → 7.00", "CREDIT 7.00 → 14.00"]


def test_without_a_rule_set_nothing_is_booked() -> None:
    story = Story().credit("5", organizationId="other").pay("5", organizationId="other")
    story.pay("5", organizationId="other", paymentId="p-2")
    assert story.journal() == []
    assert story.codes() == ["PAYMENT_ID_REUSED"]
