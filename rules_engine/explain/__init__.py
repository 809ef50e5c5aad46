"""Why a rule fired or not, with every value that it saw."""

from rules_engine.explain.event import Explanation, RuleExplanation, explain_event
from rules_engine.explain.seen import Seen

__all__ = ["Explanation", "RuleExplanation", "Seen", "explain_event"]
