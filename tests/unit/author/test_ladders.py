"""Ladders against the numbers of the guide: averages of 150 and 300."""

from decimal import Decimal

import pytest

from rules_engine.author import load_rule_set
from rules_engine.author.ladders import deposit_near
from rules_engine.checked import (
    AddBonusAction,
    Audience,
    CheckedRule,
    Period,
    RuleLimits,
    Times,
    Window,
)
from tests.unit.author.texts import DATA, HEAD


def ladder(*, settings: str = "", tiers: str) -> dict[str, CheckedRule]:
    text = f"{HEAD}ladders:\n  - id: everyday\n{settings}    tiers:\n{tiers}"
    return {rule.id: rule for rule in load_rule_set(text, "rules.yaml").rules}


def credit_of(rule: CheckedRule) -> AddBonusAction:
    (action,) = rule.actions
    assert isinstance(action, AddBonusAction)
    return action


def test_the_two_ladders_of_the_guide() -> None:
    loaded = load_rule_set((DATA / "two-ladders.yaml").read_bytes(), "two-ladders.yaml")
    assert [(rule.id, rule.priority, rule.at_least) for rule in loaded.rules] == [
        ("everyday150.premium", 53, Decimal(800)),
        ("everyday300.premium", 53, Decimal(1800)),
        ("everyday150.anchor", 52, Decimal(400)),
        ("everyday300.anchor", 52, Decimal(900)),
        ("everyday150.entry", 51, Decimal(200)),
        ("everyday300.entry", 51, Decimal(400)),
    ]
    anchor = loaded.rules[3]
    assert anchor.name == "Average top-up of 300: anchor"
    assert anchor.trigger == "BALANCE_TOPPED_UP"
    assert anchor.exclusive == "everyday300"
    assert anchor.club_ids == {"club-300"}
    assert anchor.when is not None
    assert anchor.when.text == "topupAmountMajor >= 900"
    assert credit_of(anchor).formula.text == "percent(topupAmountMajor, 12)"
    assert credit_of(anchor).expires_in_days == 45


@pytest.mark.parametrize(("average", "expected"), [(150, (200, 400, 800)), (300, (400, 900, 1800))])
def test_multiples_of_the_average(average: int, expected: tuple[int, ...]) -> None:
    rules = ladder(
        settings=f"    averageTopupMajor: {average}\n",
        tiers="      - {id: entry, timesAverage: 1.3, percent: 5}\n"
        "      - {id: anchor, timesAverage: 2.9, percent: 12}\n"
        "      - {id: premium, timesAverage: 5.6, percent: 20}\n",
    )
    assert tuple(rule.at_least for rule in rules.values()) == expected[::-1]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("195", "200"),  # 150 × 1.3
        ("435", "400"),  # 150 × 2.9
        ("840", "800"),  # 150 × 5.6
        ("390", "400"),
        ("870", "900"),
        ("1680", "1800"),
        ("1", "1"),
        ("1.1", "1.2"),  # ties go up
        ("1.0999", "1"),
        ("1.35", "1.5"),
        ("225", "250"),
        ("7000", "8000"),
        ("6999.99", "6000"),
        ("8.5", "9"),
        ("95", "100"),
        ("94.99", "90"),
        ("99999", "100000"),
        ("0.013", "0.012"),
        ("0.0135", "0.015"),
    ],
)
def test_amounts_that_people_deposit(amount: str, expected: str) -> None:
    assert deposit_near(Decimal(amount)) == Decimal(expected)


def test_tiers_are_counted_by_threshold() -> None:
    rules = ladder(
        settings="    priority: 10\n",
        tiers="      - {id: top, atLeast: 800, percent: 20}\n"
        "      - {id: low, atLeast: 200, percent: 5}\n"
        "      - {id: middle, atLeast: 400.50, percent: 12.50}\n",
    )
    assert {name: rule.priority for name, rule in rules.items()} == {
        "everyday.low": 11,
        "everyday.middle": 12,
        "everyday.top": 13,
    }
    middle = rules["everyday.middle"]
    assert middle.at_least == Decimal("400.5")
    assert credit_of(middle).formula.text == "percent(topupAmountMajor, 12.5)"


def test_every_setting_of_a_rule_may_stand_on_a_ladder() -> None:
    rules = ladder(
        settings="""\
    enabled: false
    trigger: BALANCE_TOPPED_UP
    tags: [ladder]
    audience: {noneOfGroups: [staff]}
    window: [{days: [MON], from: "10:00", to: "12:00"}]
    validity: {from: "1970-01-01T00:00:01Z"}
    exclusive: topups
    limits: {perClient: [{times: 1, per: DAY}]}
    onTopupRefund: KEEP
    expiresInDays: 45
    restriction: {productTypes: [TARIFF]}
""",
        tiers="      - {id: entry, atLeast: 200, percent: 5}\n"
        "      - {id: top, atLeast: 400, percent: 9, expiresInDays: 60,"
        " restriction: {productIds: [cola]}}\n",
    )
    entry = rules["everyday.entry"]
    assert (entry.enabled, entry.tags, entry.exclusive) == (False, ("ladder",), "topups")
    assert entry.name == "everyday: entry"
    assert entry.audience == Audience(none_of_groups=("staff",))
    assert entry.windows == (Window(frozenset({1}), 600, 720),)
    assert (entry.valid_from, entry.valid_until) == (1_000_000, None)
    assert entry.limits == RuleLimits((Times(1, Period.DAY),))
    assert credit_of(entry).expires_in_days == 45
    assert credit_of(entry).product_types == ("TARIFF",)
    top = credit_of(rules["everyday.top"])
    assert (top.expires_in_days, top.product_types, top.product_ids) == (60, (), ("cola",))
