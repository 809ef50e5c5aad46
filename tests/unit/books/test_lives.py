"""Clients who begin with what the CRM knew of them, and clients who are forgotten."""

from typing import Any

import pytest

from rules_engine.client import ClientState
from rules_engine.lives import has_history
from schemas.ids import operation_id
from tests.unit.books.stories import HEAD, Story

REGULAR: dict[str, Any] = {
    "totalTopupMajor": "1200.50",
    "topupCount": 3,
    "totalSpentMajor": "900",
    "visitCount": 7,
    "firstVisitAt": "2025-05-01T10:00:00+03:00",
    "lastVisitAt": "2026-02-20T20:00:00+03:00",
    "registeredAt": "2025-04-30T10:00:00+03:00",
    "birthday": "1999-02-28",
    "groups": ["vip", "night"],
}
BATCHES: list[dict[str, Any]] = [
    {"amountMajor": "100", "expiresAt": "2026-03-10T00:00:00+03:00"},
    {"amountMajor": "30.50", "restriction": {"productTypes": ["BAR"]}},
]

WHO = f"""{HEAD}
rules:
  - id: newcomer
    trigger: BALANCE_TOPPED_UP
    audience: {{firstTopupOnly: true}}
    actions: [{{type: ADD_BONUS, formula: "7"}}]
  - id: regular
    trigger: BALANCE_TOPPED_UP
    when: topupCount == 3 and visitCount == 7 and totalSpentMajor == 900
    audience: {{anyOfGroups: [night], dormantForDays: 10}}
    limits: {{perClient: [{{times: 1, per: LIFETIME}}]}}
    actions: [{{type: ADD_BONUS, formula: averageTopupMajor}}]
"""


class Lives(Story):
    def imported(self, at: str = "01 00:00", **fields: Any) -> "Lives":
        self.event("CLIENT_IMPORTED", at, **fields)
        return self

    def forgotten(self, at: str = "05 12:00", **fields: Any) -> "Lives":
        self.event("CLIENT_FORGOTTEN", at, clubId="*", **fields)
        return self

    def state(self) -> ClientState:
        outcome = self.told()[-1].outcome
        assert outcome is not None
        return outcome.client


def test_rules_see_an_imported_client_as_the_regular_that_he_is() -> None:
    story = Lives(WHO).imported(**REGULAR)
    story.topup("100")
    (made,) = story.commands()
    # 1200.50 / 3 = 400.1666…
    assert (made["ruleId"], made["amountMajor"]) == ("regular", "400.17")
    state = story.state()
    assert (state.topup_count, str(state.topup_total)) == (4, "1300.5000")
    assert (state.birthday, state.groups) == ("1999-02-28", ("night", "vip"))


def test_a_balance_opens_one_batch_that_never_lapses() -> None:
    (record,) = Lives().imported(bonusBalanceMajor="50").records()
    made = operation_id("izi", "c-1", "e-1", "BONUS_OPENING")
    assert (record["type"], record["operationId"], record["batchId"]) == (
        "BONUS_OPENING",
        made,
        made,
    )
    assert (record["amountMajor"], record["occurredAt"]) == ("50.00", "2026-02-28T21:00:00+00:00")
    assert record["causedBy"]["type"] == "CLIENT_IMPORTED"


def test_several_batches_are_one_operation_and_keep_expiry_and_restriction() -> None:
    story = Lives().imported(batches=BATCHES, bonusBalanceMajor="130.5")
    # a tariff may take the first only; the second then stays, and lapses never
    story.pay("20").pay("40", productType="BAR").event(
        "VISIT_STARTED", "20 12:00", visitId="v", tariffId="t"
    )
    assert story.journal() == [
        "OPENING 130.50 → 130.50",
        "PAYMENT 20.00 → 110.50",
        "PAYMENT 40.00 → 70.50",
        "EXPIRY 40.00 → 30.50",
    ]
    opening, _, _, expiry = story.records()
    assert opening["operationId"] == operation_id("izi", "c-1", "e-1", "BONUS_OPENING")
    assert opening["batchId"] is None
    assert expiry["batchId"] == operation_id("izi", "c-1", "e-1", "BONUS_OPENING", "0")
    assert expiry["occurredAt"] == "2026-03-09T21:00:00+00:00"


def test_one_batch_has_the_operations_id() -> None:
    (record,) = Lives().imported(batches=BATCHES[:1]).records()
    assert record["batchId"] == record["operationId"]


def test_a_batch_that_is_over_lapses_before_the_next_event() -> None:
    over = [{"amountMajor": "100", "expiresAt": "2026-02-01T00:00:00Z"}]
    story = Lives().imported(batches=over)
    story.pay("10")
    assert story.journal() == [
        "OPENING 100.00 → 100.00",
        "EXPIRY 100.00 → 0.00",
        "PAYMENT 10.00 took 0.00 → 0.00 OVER_BONUS_BALANCE",
    ]


def test_a_line_that_comes_twice_is_a_duplicate() -> None:
    story = Lives().imported(batches=BATCHES).imported(eventId="e-1", batches=BATCHES)
    assert story.told()[1].outcome.duplicate  # type: ignore[union-attr]
    assert story.journal() == ["OPENING 130.50 → 130.50"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("BALANCE_TOPPED_UP", {"topupAmountMajor": "1", "topUpSource": "POS_TERMINAL"}),
        ("VISIT_STARTED", {"visitId": "v", "tariffId": "t"}),
        ("VISIT_ENDED", {"visitId": "v", "tariffId": "t", "durationMinutes": 5}),
        ("BONUS_CREDITED", {"amountMajor": "1", "executor": "Anna"}),
        ("CLIENT_REGISTERED", {"bonusBalanceMajor": "1"}),
        ("CLIENT_IMPORTED", {"bonusBalanceMajor": "1"}),
        ("CLIENT_IMPORTED", {"totalSpentMajor": "1"}),
    ],
)
def test_who_has_history_is_not_imported(kind: str, fields: dict[str, Any]) -> None:
    story = Lives()
    story.event(kind, "02 12:00", **fields)
    before = story.state()
    story.imported("03 12:00", **REGULAR, bonusBalanceMajor="50")
    assert story.codes() == ["NOT_IMPORTED"]
    assert story.state() == before


def test_what_a_profile_said_is_no_history() -> None:
    story = Lives()
    story.event("CLIENT_REGISTERED", "01 12:00", groups=["new"], birthday="2000-01-01")
    story.imported(groups=["vip"], bonusBalanceMajor="50")
    assert not story.codes()
    assert (story.state().groups, story.state().birthday) == (("vip",), "2000-01-01")


def test_an_account_needs_a_currency_counters_do_not() -> None:
    story = Lives().imported(organizationId="other", batches=BATCHES)
    story.imported(organizationId="other", **REGULAR)
    assert story.codes() == ["NOT_IMPORTED"]
    assert story.state().visit_count == 7


def test_a_forgotten_client_leaves_nothing_and_the_journal_adds_up() -> None:
    story = Lives(WHO).imported(**REGULAR, batches=BATCHES)
    story.topup("100")
    story.forgotten("12 12:00")
    assert story.journal() == [
        "OPENING 130.50 → 130.50",
        "CREDIT 400.17 → 530.67",
        "EXPIRY 100.00 → 430.67",
        "ADJUSTMENT -430.67 → 0.00",
    ]
    last = story.records()[-1]
    assert (last["clubId"], last["causedBy"]["type"]) == ("club-1", "CLIENT_FORGOTTEN")
    state = story.state()
    assert not has_history(state)
    assert state == ClientState(latest_at=state.latest_at, memory=state.memory, life=1)
    assert len(state.memory) == 2 + 3 * 9 + 8


def test_after_it_the_client_is_a_newcomer_but_old_events_pay_nothing() -> None:
    story = Lives(WHO)
    story.topup("100")
    story.forgotten().topup("100", eventId="e-1").topup("50", "06 12:00")
    assert [made["causedBy"]["eventId"] for made in story.commands()] == ["e-1", "e-4"]
    assert story.journal() == [
        "CREDIT 7.00 → 7.00",
        "ADJUSTMENT -7.00 → 0.00",
        "CREDIT 7.00 → 7.00",
    ]


def test_an_empty_account_needs_no_record_and_a_second_erasure_does_nothing() -> None:
    story = Lives().forgotten().forgotten("06 12:00")
    assert not story.journal()
    assert (story.state().life, story.commands()) == (2, [])


def test_a_forgotten_client_may_be_imported_anew_but_not_by_the_old_line() -> None:
    story = Lives().imported(bonusBalanceMajor="50").forgotten()
    story.imported(eventId="e-1", bonusBalanceMajor="50")
    story.imported("06 12:00", bonusBalanceMajor="20")
    assert story.journal() == [
        "OPENING 50.00 → 50.00",
        "ADJUSTMENT -50.00 → 0.00",
        "OPENING 20.00 → 20.00",
    ]


def test_remembered_payments_are_in_no_imports_way() -> None:
    story = Lives().imported(bonusBalanceMajor="50")
    story.pay("20")
    story.forgotten()
    story.event("CLIENT_IMPORTED", "06 12:00", bonusBalanceMajor="30")
    assert story.journal()[-1] == "OPENING 30.00 → 30.00"


def test_payments_of_an_earlier_life_are_not_known() -> None:
    story = Lives().imported(bonusBalanceMajor="50")
    story.pay("20", paymentId="p")
    story.forgotten()
    # the event is remembered still; as a new event it is a payment of nothing
    story.pay("20", at="09 12:00", paymentId="p").refund("20", "p", at="09 13:00")
    assert story.codes() == ["PAYMENT_ID_REUSED"]
    assert story.journal()[-1] == "REFUND 20.00 → 20.00"
    refund = story.records()[-1]
    assert refund["batchId"] == refund["operationId"]


def test_a_payment_of_this_life_is_refunded_to_what_paid() -> None:
    story = Lives().forgotten("01 12:00").imported(batches=BATCHES[:1])
    story.pay("60", paymentId="p").refund("60", "p").refund("60", "p")
    assert story.journal()[1:] == [
        "PAYMENT 60.00 → 40.00",
        "REFUND 60.00 → 100.00",
    ]
