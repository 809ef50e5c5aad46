"""A ladder from an average top-up, and what it would cost and bring back.

    design_ladder(average, shape, minor_digits) -> tuple[Step, …]     steps.py
    returns(steps, shares, margin, average) -> Returns                returns.py
    anchor_gap(steps) -> AnchorGap                                    returns.py
    ladder_yaml(…) -> str                                             writing.py

Formulas and figures come from the "Top-Up Bonus Guide for Gaming Clubs" and from "Top-up Bonuses in
IZI"; each docstring names the place.
"""

from rules_engine.ladder_design.returns import AnchorGap, Returns, anchor_gap, returns
from rules_engine.ladder_design.steps import SHAPES, Shape, Step, design_ladder
from rules_engine.ladder_design.writing import ladder_yaml

__all__ = [
    "SHAPES",
    "AnchorGap",
    "Returns",
    "Shape",
    "Step",
    "anchor_gap",
    "design_ladder",
    "ladder_yaml",
    "returns",
]
