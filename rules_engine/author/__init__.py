"""From what an author writes to what is compiled.

    load_rule_set(text, file) -> CheckedRuleSet    load.py; raises RuleSetError with every finding
    prove(rule_set, proven) -> list[Diagnostic]    prove.py; the reference evaluator's opinion

Inside, in the order of a load: `shape` (values → authored model, words for its faults in `wording`
and `keys`), `scope` (zone, currency, formulas), then `rules` with
`settings`, `actions` and `templates`, `ladders`, `products`.
"""

from rules_engine.author.load import load_rule_set
from rules_engine.author.prove import ProvenFormulas, prove

__all__ = ["ProvenFormulas", "load_rule_set", "prove"]
