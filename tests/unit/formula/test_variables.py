"""The table of variables against the contracts that it describes."""

import dataclasses
from typing import get_type_hints

import pytest

from rules_engine import variables as table
from rules_engine.formula.checked import Kind
from rules_engine.timers import events
from rules_engine.variables import (
    CREDITED_NOW,
    EVENT_VARIABLES,
    TRIGGERS,
    Source,
    template_variables,
    triggers_of,
    variables,
)
from schemas import decoded

EVENTS = {
    event.type: event
    for event in (
        decoded.BalanceToppedUp,
        decoded.VisitStarted,
        decoded.VisitEnded,
        decoded.PaymentMade,
        decoded.ClientRegistered,
        decoded.PromoCodeRedeemed,
        events.ClientAbsent,
        events.Birthday,
        events.AfterFirstVisit,
        events.BonusExpiring,
        events.BonusExpired,
    )
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_event_variables_are_the_payload_of_the_decoded_event(trigger: str) -> None:
    envelope = set(decoded.Event.__struct_fields__)
    payload = set(EVENTS[trigger].__struct_fields__) - envelope
    assert {variable.attribute for variable in EVENT_VARIABLES[trigger]} == payload


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_kinds_follow_the_types_of_the_decoded_event(trigger: str) -> None:
    types = get_type_hints(EVENTS[trigger])
    for variable in EVENT_VARIABLES[trigger]:
        written = str(types[variable.attribute])
        assert ("None" in written) is variable.optional
        assert ("str" in written) is (variable.kind is Kind.TEXT)
        assert ("int" in written) is variable.whole


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_context_is_the_same_for_every_trigger(trigger: str) -> None:
    context = [each for each in variables(trigger).values() if each.source is not Source.EVENT]
    assert tuple(context) == (*table.CLIENT_VARIABLES, *table.CALENDAR_VARIABLES)
    assert [each.name for each in context] == [
        *("bonusBalanceMajor", "totalSpentMajor", "totalTopupMajor", "topupCount"),
        *("isFirstTopup", "averageTopupMajor", "visitCount", "daysSinceLastVisit"),
        *("daysSinceFirstVisit", "daysSinceRegistration", "isBirthday", "groups"),
        *("dayOfWeek", "hour", "localDate"),
    ]
    assert {each.name for each in context if each.optional} == {
        *("averageTopupMajor", "daysSinceLastVisit", "daysSinceFirstVisit"),
        "daysSinceRegistration",
    }


def test_money_is_what_ends_in_major() -> None:
    known = variables("PAYMENT_MADE")
    assert known["totalAmountMajor"].is_money
    assert known["averageTopupMajor"].is_money
    assert not known["visitCount"].is_money


def test_optional_fields_of_a_topup_and_a_promo_code_and_of_nothing_else() -> None:
    optional = {
        (trigger, each.name)
        for trigger, own in EVENT_VARIABLES.items()
        for each in own
        if each.optional
    }
    names = ("shiftId", "gatewayTransactionId", "productId")
    of_topups = {("BALANCE_TOPPED_UP", name) for name in names}
    assert optional == of_topups | {("PROMO_CODE_REDEEMED", "expiresInDays")}


def test_push_texts_see_the_credit_under_the_name_of_a_payments_part() -> None:
    assert template_variables("PAYMENT_MADE")["bonusAmountMajor"] is CREDITED_NOW
    assert template_variables("VISIT_STARTED")["bonusAmountMajor"] is CREDITED_NOW
    assert variables("PAYMENT_MADE")["bonusAmountMajor"].source is Source.EVENT
    assert "groups" not in template_variables("VISIT_STARTED")


def test_triggers_of_a_name() -> None:
    assert triggers_of("productId") == ("BALANCE_TOPPED_UP", "PAYMENT_MADE")
    assert triggers_of("hour") == ()


def test_every_variable_is_described() -> None:
    for trigger in TRIGGERS:
        for variable in variables(trigger).values():
            assert dataclasses.asdict(variable)["description"]
            assert "\n" not in variable.description
