"""A second opinion on every formula, before a rule set may decide about money."""

from collections import OrderedDict
from collections.abc import Iterator

from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet
from rules_engine.diagnostics import Diagnostic
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.reference import Disagreement, disagreements

CONTEXTS = 24
"""Generated values of the variables on which a formula is evaluated both ways."""


class ProvenFormulas:
    """Formulas that agreed. Kept from one set to the next, a change of a few rules costs the proof
    of those only; beyond `most`, those that no set had for longest are forgotten."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def __contains__(self, formula: CheckedFormula) -> bool:
        key = formula.text, formula.trigger
        if key not in self._known:
            return False
        self._known.move_to_end(key)
        return True

    def add(self, formula: CheckedFormula) -> None:
        self._known[formula.text, formula.trigger] = None
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def prove(rule_set: CheckedRuleSet, proven: ProvenFormulas | None = None) -> list[Diagnostic]:
    """Evaluate every formula of the set both ways on `CONTEXTS` generated contexts, but for those
    that are `proven`; empty if the generated code and the reference always agree. A set with a
    finding must not be applied.

    Costs milliseconds per formula that is not like another: call it where a new set is taken.
    Findings have no place in a file (line 0): the fault is the engine's, not the author's.
    """
    agreed = ProvenFormulas() if proven is None else proven
    found: list[Diagnostic] = []
    for rule in rule_set.rules:
        for formula in _formulas(rule):
            if formula in agreed:
                continue
            differing = disagreements(formula, CONTEXTS)
            if differing:
                found.append(_finding(rule_set, rule, differing[0]))
            else:
                agreed.add(formula)
    return found


def _formulas(rule: CheckedRule) -> Iterator[CheckedFormula]:
    if rule.when is not None:
        yield rule.when
    for action in rule.actions:
        if isinstance(action, AddBonusAction):
            yield action.formula


def _finding(rule_set: CheckedRuleSet, rule: CheckedRule, first: Disagreement) -> Diagnostic:
    values = ", ".join(f"{name} = {value}" for name, value in sorted(first.values.items()))
    return Diagnostic(
        code="EVALUATORS_DISAGREE",
        message=(
            f"the rule `{rule.id}`: two evaluators differ, "
            f"{first.compiled} against {first.reference} for {values or 'no variables'}"
        ),
        file=f"{rule_set.organization_id} {rule_set.version}",
        line=0,
        column=1,
        width=len(first.text),
        source=first.text,
        path=rule.id,
        remedy="the fault is in the engine: report it; meanwhile write the formula otherwise",
    )
