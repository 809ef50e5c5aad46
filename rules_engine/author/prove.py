"""A second opinion on every formula, before a rule set may decide about money."""

from collections.abc import Iterator

from rules_engine.checked import AddBonusAction, CheckedRule, CheckedRuleSet
from rules_engine.diagnostics import Diagnostic
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.reference import Disagreement, disagreements


def prove(rule_set: CheckedRuleSet, contexts: int = 24) -> list[Diagnostic]:
    """Evaluate every formula of the set both ways on so many generated contexts; empty if the
    generated code and the reference always agree. A set with a finding must not be applied.

    Costs milliseconds per formula that is not like another: call it where a new set is taken.
    Findings have no place in a file (line 0): the fault is the engine's, not the author's.
    """
    proven: dict[tuple[str, str], None] = {}
    found: list[Diagnostic] = []
    for rule in rule_set.rules:
        for formula in _formulas(rule):
            if (formula.text, formula.trigger) in proven:
                continue
            proven[formula.text, formula.trigger] = None
            differing = disagreements(formula, contexts)
            if differing:
                found.append(_finding(rule_set, rule, differing[0]))
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
