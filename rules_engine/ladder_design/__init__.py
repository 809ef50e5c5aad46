"""A ladder from an average top-up, and what it would cost and bring back.

    design_ladder(average, shape, minor_digits) -> tuple[Step, …]     steps.py, shapes.py
    returns(steps, shares, margin, average) -> Returns                returns.py
    anchor_gap(steps) -> AnchorGap                                    returns.py
    ladder_yaml(…) -> str                                             writing.py

Formulas and figures come from the "Top-Up Bonus Guide for Gaming Clubs"; each docstring names the
place.
"""
