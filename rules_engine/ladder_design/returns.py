"""What a ladder costs and when it has paid for itself: the guide's model, formula by formula.

All sources are sections of the "Top-Up Bonus Guide for Gaming Clubs". The figures are estimates of
a model; what a club really earns is in its reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules_engine.ladder_design.steps import Step

TYPICAL_SHARES = (Decimal(60), Decimal(30), Decimal(10))
"""Of 100 operations so many fall into the entry, anchor and premium tier ("ROI Formula"). A ladder
of two tiers has the first two, in the same proportion."""
TYPICAL_MARGIN = Decimal(70)
"""Percent, on gaming time ("ROI Formula")."""
EXPECTED_LIFT = (Decimal(15), Decimal(22))
"""Percent by which the average top-up of active members grows ("ROI Formula", "Lift AOV")."""
LAPSING = (Decimal(15), Decimal(25))
"""Percent of issued bonuses that lapse unspent at 30–60 days ("ROI Formula")."""
ANCHOR_FACTOR = Decimal(4)
"""By which the bonus gap is to exceed the deposit gap ("Parametric Formula", anchor rule)."""
MONTH = 30
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Returns:
    """Amounts in major units per top-up that earns a bonus, shares in percent.

    Pairs are ranges, the better end first: `cost_after_lapse`, `payback_days`.
    """

    weighted_percent: Decimal
    bonus: Decimal
    cost: Decimal
    cost_after_lapse: tuple[Decimal, Decimal]
    break_even: Decimal
    break_even_net_revenue: Decimal
    payback_days: tuple[Decimal, Decimal] | None
    """None where nothing is earned on a top-up: the margin is 0."""


@dataclass(frozen=True)
class AnchorGap:
    """How the anchor tier stands out from the entry tier, as ratios. `asked`: what the anchor rule
    asks of the bonus gap."""

    deposit: Decimal
    bonus: Decimal
    asked: Decimal

    @property
    def is_met(self) -> bool:
        return self.bonus >= self.asked


def returns(
    steps: Sequence[Step], shares: Sequence[Decimal], margin: Decimal, average: Decimal
) -> Returns:
    """The whole model. `shares` of operations by tier, of any sum; `margin` in percent."""
    bonus = bonus_per_trigger(steps, shares)
    cost = cash_cost(bonus, margin)
    least, most = EXPECTED_LIFT
    payback = None
    if margin > 0:
        payback = (
            payback_days(cost, most, margin, average),
            payback_days(cost, least, margin, average),
        )
    return Returns(
        weighted_percent=weighted_percent(steps, shares),
        bonus=bonus,
        cost=cost,
        cost_after_lapse=(_less(cost, LAPSING[1]), _less(cost, LAPSING[0])),
        break_even=break_even_lift(cost, average),
        break_even_net_revenue=break_even_lift(bonus, average),
        payback_days=payback,
    )


def typical_shares(steps: Sequence[Step]) -> tuple[Decimal, ...]:
    """`TYPICAL_SHARES` of as many tiers as there are, adding up to 100."""
    first = TYPICAL_SHARES[: len(steps)]
    return tuple(share * _HUNDRED / sum(first) for share in first)


def weighted_percent(steps: Sequence[Step], shares: Sequence[Decimal]) -> Decimal:
    """Σ share × percent: 60/30/10 at 5/12/20 % is 8.6 % of face value, the guide's "roughly 9 %"
    ("ROI Formula", weighted average bonus per trigger)."""
    return _weighted([step.percent for step in steps], shares)


def bonus_per_trigger(steps: Sequence[Step], shares: Sequence[Decimal]) -> Decimal:
    """Σ share × percent × deposit of the tier, taken at its threshold: 36.40 for 200/400/800 at
    5/12/20 % ("ROI Formula", weighted average bonus per trigger)."""
    return _weighted([step.credits for step in steps], shares)


def cash_cost(face: Decimal, margin: Decimal) -> Decimal:
    """face value × (1 − margin): at 70 % a bonus of 36.40 costs 10.92 ("ROI Formula", real cash
    cost)."""
    return _less(face, margin)


def break_even_lift(cost: Decimal, average: Decimal) -> Decimal:
    """cost ÷ average top-up, in percent: by so much top-ups have to grow. 10.92 of 150 is 7.3 %; of
    the face value it is the lift on net session revenue, 24.3 %. The guide says 7–9 % and 25–29 %
    ("ROI Formula", break-even AOV lift)."""
    return cost * _HUNDRED / average


def payback_days(cost: Decimal, lift: Decimal, margin: Decimal, average: Decimal) -> Decimal:
    """In so many days of higher top-ups the bonuses of a month are earned back: 30 × cost ÷ (lift ×
    margin × average).

    The guide gives the result and no formula: "roughly 21 days", "15–22 days" for a lift of 22–15 %
    ("ROI Formula"; frequently asked questions). This one gives 14–21 days for the ladder of its
    average of 150, and 16–23 for that of 300.
    """
    earned = average * lift * margin / (_HUNDRED * _HUNDRED)
    return MONTH * cost / earned


def anchor_gap(steps: Sequence[Step]) -> AnchorGap:
    """Entry against anchor tier. The rule asks that the bonus grows by 4 × the factor of the
    deposit: 8 × where the deposit doubles ("Parametric Formula", anchor rule). The guide's own
    ladders do not meet it (48 is 4.8 × 10 at twice the deposit), so it is advice, never an error.
    """
    entry, anchor = steps[0], steps[1]
    deposit = anchor.at_least / entry.at_least
    bonus = (anchor.at_least * anchor.percent) / (entry.at_least * entry.percent)
    return AnchorGap(deposit, bonus, ANCHOR_FACTOR * deposit)


def _weighted(values: Sequence[Decimal], shares: Sequence[Decimal]) -> Decimal:
    pairs = zip(values, shares, strict=True)
    return sum((value * share for value, share in pairs), Decimal(0)) / sum(shares)


def _less(amount: Decimal, percent: Decimal) -> Decimal:
    return amount * (_HUNDRED - percent) / _HUNDRED
