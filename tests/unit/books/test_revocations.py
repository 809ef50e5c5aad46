"""A refunded top-up takes its bonuses back, worked out by hand."""

from schemas.ids import command_id
from tests.unit.books.stories import HEAD, Story

TAKES = f"""{HEAD}
onTopupRefund: REVOKE
rules:
  - id: tenth
    trigger: BALANCE_TOPPED_UP
    tags: [topup]
    actions: [{{type: ADD_BONUS, formula: "percent(topupAmountMajor, 10)", tags: [ten]}}]
  - id: kept
    priority: -1
    trigger: BALANCE_TOPPED_UP
    onTopupRefund: KEEP
    actions: [{{type: ADD_BONUS, formula: "1"}}]
"""


def test_the_command_and_its_record() -> None:
    story = Story(TAKES).topup("400").topup_refund("100", "e-1", "03 12:00")
    batch = command_id("izi", "c-1", "e-1", "tenth", 0)
    made = command_id("izi", "c-1", "e-2", "tenth", 0)
    command, record = story.commands()[-1], story.records()[-1]
    assert story.journal() == [
        "CREDIT 40.00 → 40.00",
        "CREDIT 1.00 → 41.00",
        "REVOKED 10.00 → 31.00",
    ]
    assert command | {"commandId": made, "batchId": batch} == command
    assert command["type"] == "REVOKE_BONUS"
    assert (command["amountMajor"], command["currency"]) == ("10.00", "RUB")
    assert (command["ruleId"], command["tags"]) == ("tenth", ["topup", "ten"])
    assert command["causedBy"]["eventId"] == "e-2"
    assert command["issuedAt"] == "2026-03-03T09:00:00+00:00"
    assert (record["operationId"], record["batchId"], record["ruleId"]) == (made, batch, "tenth")


def test_several_refunds_take_what_is_left_and_never_more_than_was_credited() -> None:
    story = Story(TAKES).topup("400").pay("30")
    for part in ("100", "200", "300"):
        story.topup_refund(part, "e-1")
    # due 10, then 30 − 10; 11 − 10 are left, of which the batch `kept` has 1
    assert story.journal()[2:] == ["PAYMENT 30.00 → 11.00", "REVOKED 10.00 → 1.00"]


def test_a_batch_that_a_refund_fills_again_is_known() -> None:
    story = Story(TAKES).topup("400").pay("40").topup_refund("200", "e-1")
    story.refund("40", "p-2").topup_refund("100", "e-1")
    # three quarters of 40 are due by then
    assert story.journal()[-1] == "REVOKED 30.00 → 11.00"


def test_another_top_up_and_a_rule_that_keeps() -> None:
    story = Story(TAKES).topup("400").topup("50").topup_refund("50", "e-2").topup_refund("9", "e-9")
    assert story.journal()[4:] == ["REVOKED 5.00 → 42.00"]


LIMITED = f"""{HEAD}
onTopupRefund: REVOKE
limits: {{perClientCredit: {{amountMajor: 50, per: DAY}}, budget: {{amountMajor: 100, per: MONTH}}}}
rules:
  - id: both
    trigger: BALANCE_TOPPED_UP
    limits: {{perClient: [{{times: 1, per: DAY}}], budget: {{amountMajor: 60, per: MONTH}}}}
    actions: [{{type: ADD_BONUS, formula: "20"}}, {{type: ADD_BONUS, formula: "10"}}]
"""


def test_limits_get_back_what_was_revoked() -> None:
    story = Story(LIMITED).topup("100").topup("100", "02 13:00")
    assert len(story.journal()) == 2
    # half: no firing is given back, the second half gives it back
    story.topup_refund("50", "e-1").topup("100", "02 14:00")
    assert len(story.journal()) == 4
    story.topup_refund("50", "e-1").topup("100", "02 15:00")
    assert story.journal()[4:] == [
        "REVOKED 10.00 → 5.00",
        "REVOKED 5.00 → 0.00",
        "CREDIT 20.00 → 20.00",
        "CREDIT 10.00 → 30.00",
    ]


def test_a_firing_stays_where_a_credit_was_spent() -> None:
    story = Story(LIMITED).topup("100").pay("1").topup_refund("100", "e-1")
    assert story.topup("100", "02 14:00").journal()[2:] == [
        "PAYMENT 1.00 → 29.00",
        "REVOKED 19.00 → 10.00",
        "REVOKED 10.00 → 0.00",
    ]


def test_a_budget_of_all_clients_gets_it_back() -> None:
    story = Story(LIMITED).topup("100").topup("100", clientId="c-2")
    story.topup("100", clientId="c-3").topup_refund("100", "e-1").topup(
        "100", clientId="c-3", eventId="e-9"
    )
    fired = [each.outcome.fired for each in story.told() if each.outcome is not None]
    assert fired == [("both",), ("both",), (), (), ("both",)]
