"""Why a rule fired or not, with every value that it saw."""

from rules_engine.explain.decided import Explanation, RuleExplanation
from rules_engine.explain.event import explain_event
from rules_engine.explain.seen import Seen
from rules_engine.explain.timer import explain_timer

__all__ = ["Explanation", "RuleExplanation", "Seen", "explain_event", "explain_timer"]
