"""Ladders against the guide's figures, worked by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.author import load_rule_set
from rules_engine.errors import LadderError
from rules_engine.ladder_design.returns import (
    TYPICAL_MARGIN,
    anchor_gap,
    break_even_lift,
    cash_cost,
    payback_days,
    returns,
    typical_shares,
    weighted_percent,
)
from rules_engine.ladder_design.shapes import SHAPES, Shape
from rules_engine.ladder_design.steps import Step, design_ladder
from rules_engine.ladder_design.writing import ladder_yaml


def designed(average: str, shape: Shape = Shape.STANDARD, digits: int = 2) -> tuple[Step, ...]:
    return design_ladder(Decimal(average), shape, digits)


@pytest.mark.parametrize(
    ("average", "shape", "tiers"),
    [
        # the guide's two illustrations
        ("150", Shape.STANDARD, [(200, 5, 10), (400, 12, 48), (800, 20, 160)]),
        ("300", Shape.STANDARD, [(400, 5, 20), (900, 12, 108), (1800, 20, 360)]),
        # the same in another unit of money
        ("1.5", Shape.STANDARD, [(2, 5, "0.10"), (4, 12, "0.48"), (8, 20, "1.60")]),
        ("15000", Shape.STANDARD, [(20000, 5, 1000), (40000, 12, 4800), (80000, 20, 16000)]),
        # × 1.3 = 195, × 2.5 = 375
        ("150", Shape.YOUNG, [(200, 10, 20), (400, 15, 60)]),
        ("150", Shape.MATURE, [(200, 5, 10), (400, 10, 40), (800, 15, 120)]),
        # × 2, × 4, × 8 = 300, 600, 1200
        ("150", Shape.PREMIUM, [(300, 3, 9), (600, 7, 42), (1200, 12, 144)]),
        # 700 is as far from 600 as from 800: ties go up
        ("350", Shape.PREMIUM, [(800, 3, 24), (1500, 7, 105), (3000, 12, 360)]),
    ],
)
def test_tiers(average: str, shape: Shape, tiers: list[tuple[int, int, object]]) -> None:
    found = [(step.at_least, step.percent, step.credits) for step in designed(average, shape)]
    assert found == [tuple(Decimal(str(number)) for number in tier) for tier in tiers]


def test_credits_are_rounded_to_the_currency() -> None:
    """5 % of 250 are 12.5."""
    assert designed("190", digits=0)[0].credits == Decimal(13)
    assert designed("190", digits=1)[0].credits == Decimal("12.5")


@pytest.mark.parametrize(("average", "digits"), [("0", 2), ("-5", 2), ("1", 0), ("150.5", 0)])
def test_averages_that_give_no_ladder(average: str, digits: int) -> None:
    """1 of a currency without decimals: 1.3 is nearest to 1.2, which nobody can pay."""
    with pytest.raises(LadderError, match="gives no ladder: an amount"):
        designed(average, digits=digits)


@given(st.integers(1, 10**9), st.sampled_from(Shape))
def test_thresholds_rise_and_are_near_their_multiples(cents: int, shape: Shape) -> None:
    average = Decimal(cents).scaleb(-1)
    steps = designed(str(average), shape, digits=4)
    thresholds = [step.at_least for step in steps]
    assert thresholds == sorted(set(thresholds))
    for step in steps:
        assert abs(step.at_least / (average * step.times_average) - 1) < Decimal("0.2")


def test_every_shape_has_its_plan() -> None:
    assert set(SHAPES) == set(Shape)


SHARES = (Decimal(60), Decimal(30), Decimal(10))


def test_the_weighted_bonus_of_the_guide() -> None:
    """0.6 × 5 + 0.3 × 12 + 0.1 × 20 = 3 + 3.6 + 2."""
    assert weighted_percent(designed("150"), SHARES) == Decimal("8.6")


@pytest.mark.parametrize(
    ("average", "bonus", "cost", "break_even", "net", "payback"),
    [
        # 6 + 14.4 + 16; × 0.3; ÷ 150; 30 × 10.92 ÷ (0.22 and 0.15 × 0.7 × 150 = 23.1 and 15.75)
        ("150", "36.4", "10.92", "7.28", "24.27", ("14.18", "20.80")),
        # 12 + 32.4 + 36; × 0.3; ÷ 300; 30 × 24.12 ÷ (46.2 and 31.5)
        ("300", "80.4", "24.12", "8.04", "26.80", ("15.66", "22.97")),
    ],
)
def test_the_return_of_the_guides_ladders(
    average: str, bonus: str, cost: str, break_even: str, net: str, payback: tuple[str, str]
) -> None:
    """The guide says 7–9 % on margin, 25–29 % on net revenue, 15–22 days."""
    steps = designed(average)
    found = returns(steps, SHARES, TYPICAL_MARGIN, Decimal(average))
    assert (found.bonus, found.cost) == (Decimal(bonus), Decimal(cost))
    assert round(found.break_even, 2) == Decimal(break_even)
    assert round(found.break_even_net_revenue, 2) == Decimal(net)
    assert found.payback_days is not None
    assert [round(each, 2) for each in found.payback_days] == [Decimal(each) for each in payback]


def test_what_lapses_costs_nothing() -> None:
    """10.92 × 0.75 and × 0.85."""
    found = returns(designed("150"), SHARES, TYPICAL_MARGIN, Decimal(150))
    assert found.cost_after_lapse == (Decimal("8.19"), Decimal("9.282"))


def test_the_formulas_alone() -> None:
    assert cash_cost(Decimal(100), Decimal(70)) == Decimal(30)
    assert break_even_lift(Decimal(12), Decimal(150)) == Decimal(8)
    # 30 × 21 ÷ (0.2 × 0.7 × 150 = 21)
    assert payback_days(Decimal(21), Decimal(20), Decimal(70), Decimal(150)) == Decimal(30)


def test_without_a_margin_nothing_is_earned_back() -> None:
    found = returns(designed("150"), SHARES, Decimal(0), Decimal(150))
    assert found.cost == found.bonus
    assert found.payback_days is None


def test_shares_of_two_tiers_keep_their_proportion() -> None:
    shares = typical_shares(designed("150", Shape.YOUNG))
    assert [round(share, 1) for share in shares] == [Decimal("66.7"), Decimal("33.3")]
    assert typical_shares(designed("150")) == SHARES


@pytest.mark.parametrize(
    ("average", "shape", "deposit", "bonus", "asked"),
    [
        ("150", Shape.STANDARD, "2", "4.8", "8"),  # 48 ÷ 10 at 400 ÷ 200
        ("300", Shape.STANDARD, "2.25", "5.4", "9"),  # 108 ÷ 20 at 900 ÷ 400
        ("150", Shape.YOUNG, "2", "3", "8"),
    ],
)
def test_the_anchor_rule_is_measured(
    average: str, shape: Shape, deposit: str, bonus: str, asked: str
) -> None:
    gap = anchor_gap(designed(average, shape))
    assert (gap.deposit, gap.bonus, gap.asked) == (Decimal(deposit), Decimal(bonus), Decimal(asked))
    assert not gap.is_met


def test_an_anchor_tier_that_stands_out_enough() -> None:
    low, high = (
        Step(id_, Decimal(1), Decimal(at), Decimal(percent), Decimal(0))
        for id_, at, percent in (("entry", 200, 5), ("anchor", 400, 20))
    )
    assert anchor_gap([low, high]).is_met


@pytest.mark.parametrize("shape", list(Shape))
def test_the_yaml_is_that_ladder(shape: Shape) -> None:
    steps = designed("150", shape)
    text = ladder_yaml(
        steps,
        Decimal(150),
        shape,
        organization_id='my "club": no',
        time_zone="Asia/Yekaterinburg",
        currency="RUB",
        expires_in_days=30,
    )
    rules = load_rule_set(text, "ladder.yaml")
    assert rules.organization_id == 'my "club": no'
    found = {rule.id: (rule.at_least, rule.actions[0]) for rule in rules.rules}
    assert set(found) == {f"everyday.{step.id}" for step in steps}
    for step in steps:
        at_least, credit = found[f"everyday.{step.id}"]
        assert at_least == step.at_least
        assert getattr(credit, "formula").text == f"percent(topupAmountMajor, {step.percent:f})"  # noqa: B009
        assert getattr(credit, "expires_in_days") == 30  # noqa: B009
