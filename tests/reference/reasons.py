"""Why rules did not fire: the product's explanation against the model's, event by event."""

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.explain import RuleExplanation, explain_event
from rules_engine.simulate import simulate
from tests.reference.compare import Case
from tests.reference.model import run


def differing_reasons(case: Case) -> list[str]:
    """One line for each rule of an event that is explained otherwise."""
    checked = load_rule_set(case.rules, "case.yaml")
    expected = run(case.rules, case.lines).reasons
    found = []
    for simulated in simulate(compile_rule_set(checked), case.lines):
        due = expected.get(simulated.line)
        if due is None or simulated.event is None:
            continue
        assert simulated.before is not None
        explanation = explain_event(
            checked,
            simulated.before,
            simulated.event,
            simulated.origin,
            simulated.budgets,
            simulated.around,
            simulated.clock,
        )
        got = {rule.rule_id: rule for rule in explanation.rules}
        for rule_id, reason in due.items():
            if not agree(got[rule_id], reason):
                place = f"seed {case.seed} line {simulated.line} {rule_id}"
                found.append(f"{place}: {got[rule_id]}, model {reason}")
    return found


def agree(rule: RuleExplanation, reason: str) -> bool:
    """The model's FIRED and NOTHING say what came of it, the product's reason what was left out."""
    word, _, detail = reason.partition(" ")
    if word == "FIRED":
        return rule.fired and rule.reason in (None, "ZERO_CREDIT", "PUSH_LIMIT")
    if word == "NOTHING":
        return not rule.fired and rule.reason in ("ZERO_CREDIT", "PUSH_LIMIT")
    if word == "EXCLUDED_BY" and detail not in rule.detail:
        return False
    return not rule.fired and rule.reason == word
