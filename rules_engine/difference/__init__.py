"""Two versions of a rule set side by side.

    diff_rule_sets(old, new) -> tuple[Change, …]     rule_sets.py; what was changed, in words
    compare(old, new, lines) -> Comparison           outcomes.py; what it does to the same events

`facts` says what a rule is, one fact per thing that can change, with a value to compare and a text
to show; `tiers` knows ladders again in the rules that they expand into; `changes` is the answer.
"""

from rules_engine.difference.changes import Change, Detail, Kind
from rules_engine.difference.rule_sets import diff_rule_sets

__all__ = ["Change", "Detail", "Kind", "diff_rule_sets"]
