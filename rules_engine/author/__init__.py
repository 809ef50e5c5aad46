"""From what an author writes to what is compiled: text → `CheckedRuleSet`, or every finding.

load_rule_set(text, file) -> CheckedRuleSet     load.py; raises RuleSetError
"""

from rules_engine.author.load import load_rule_set

__all__ = ["load_rule_set"]
