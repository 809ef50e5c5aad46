"""Checked rule set → generated code. `compile_rule_set` is all that others need."""

from rules_engine.compile.build import compile_rule_set
from rules_engine.compile.rule_set import CompiledRuleSet, TriggerRules

__all__ = ["CompiledRuleSet", "TriggerRules", "compile_rule_set"]
