"""Two rule sets over the same events: sums worked by hand."""

import json
from decimal import Decimal

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.difference.outcomes import Amounts, Comparison, compare_outcomes, outcomes_of
from rules_engine.simulate import simulate

OLD = """\
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
onTopupRefund: REVOKE
rules:
  - id: five
    trigger: BALANCE_TOPPED_UP
    actions: [{type: ADD_BONUS, formula: "percent(topupAmountMajor, 5)"}]
  - id: large
    trigger: BALANCE_TOPPED_UP
    when: topupAmountMajor >= 1000
    actions: [{type: ADD_BONUS, formula: "50"}, {type: ASSIGN_GROUP, groupId: large}]
"""
NEW = OLD.replace("Major, 5)", "Major, 10)").replace('formula: "50"', 'formula: "5"')


def topup(number: int, client: str, amount: str, organization: str = "izi") -> bytes:
    return json.dumps(
        {
            "eventId": f"e-{number}",
            "type": "BALANCE_TOPPED_UP",
            "organizationId": organization,
            "clubId": "club-1",
            "clientId": client,
            "occurredAt": f"2026-11-22T12:00:{number:02}+00:00",
            "topupAmountMajor": amount,
            "topUpSource": "POS_TERMINAL",
        }
    ).encode()


REFUND = json.dumps(
    {
        "eventId": "r-1",
        "type": "TOPUP_REFUNDED",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "anna",
        "occurredAt": "2026-11-22T13:00:00+00:00",
        "originalEventId": "e-1",
        "refundAmountMajor": "50",
    }
).encode()
EVENTS = [
    topup(1, "anna", "100"),
    topup(2, "boris", "1000"),
    topup(3, "clara", "900"),
    topup(4, "clara", "0.04"),
    topup(5, "dima", "100", "pro"),
    REFUND,
    b"{",
]


def compared(old: str, new: str) -> Comparison:
    return compare_outcomes(
        *(
            outcomes_of(simulate(compile_rule_set(load_rule_set(text, "r.yaml")), EVENTS), "izi")
            for text in (old, new)
        )
    )


def test_who_gains_and_who_loses() -> None:
    """Anna: 5 − 2.50, then 10 − 5. Boris: 50 + 50, then 100 + 5. Clara: 45 (0.002 is nothing),
    then 90 (0.004 is nothing). Dima is another organization's."""
    found = compared(OLD, NEW)
    assert found.events == 7
    assert found.total == Amounts("", Decimal("147.50"), Decimal("200.00"), 4, 4)
    assert found.gaining == (
        Amounts("clara", Decimal("45.00"), Decimal("90.00")),
        Amounts("boris", Decimal("100.00"), Decimal("105.00")),
        Amounts("anna", Decimal("2.50"), Decimal("5.00")),
    )
    assert found.losing == ()
    assert found.same == 0
    assert found.rules == (
        Amounts("five", Decimal("97.50"), Decimal("195.00"), 3, 3),
        Amounts("large", Decimal("50.00"), Decimal("5.00"), 1, 1),
    )
    assert found.commands == {
        "ADD_BONUS": (4, 4),
        "ASSIGN_GROUP": (1, 1),
        "REVOKE_BONUS": (1, 1),
    }


def test_the_other_way_round() -> None:
    there, back = compared(OLD, NEW), compared(NEW, OLD)
    assert [each.id for each in back.losing] == [each.id for each in there.gaining]
    assert back.total.difference == -there.total.difference == Decimal("-52.50")


def test_the_same_rule_set_twice() -> None:
    found = compared(OLD, OLD)
    assert (found.gaining, found.losing, found.same) == ((), (), 3)
    assert not any(rule.is_changed for rule in found.rules)


def test_a_rule_that_one_of_them_lacks() -> None:
    found = compared(OLD, OLD.replace("id: large", "id: big"))
    assert [(each.id, each.firings_before, each.firings_after) for each in found.rules] == [
        ("big", 0, 1),
        ("five", 3, 3),
        ("large", 1, 0),
    ]
    assert found.total.difference == 0
