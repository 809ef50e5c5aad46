"""Why rules did not fire: the product's explanation against the model's, event by event."""

from rules_engine.author import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.explain import RuleExplanation
from rules_engine.explain.simulated import explain_simulated
from rules_engine.simulate import Simulated
from rules_engine.timers.due import Rank, split_client_key
from schemas.instants import instant_text, parse_instant
from tests.reference.compare import Case
from tests.reference.result import Result
from tests.reference.versions import VersionedSimulation


def differing_reasons(case: Case) -> list[str]:
    """One line for each rule of an event or timer that is explained otherwise."""
    checked = {line: load_rule_set(text, "case.yaml") for line, text in case.versions.items()}
    checked[0] = load_rule_set(case.rules, "case.yaml")
    compiled = {line: compile_rule_set(each) for line, each in checked.items()}
    result = case.model()
    until = None if case.until is None else parse_instant(case.until.isoformat())
    found = []
    for simulated in VersionedSimulation(compiled.pop(0), compiled).run(case.lines, until):
        due = reasons_of(simulated, result)
        if not due:
            continue
        in_force = max(line for line in checked if line <= simulated.line)
        explanation = explain_simulated(checked[in_force], simulated)
        assert explanation is not None
        got = {rule.rule_id: rule for rule in explanation.rules}
        for rule_id, reason in due.items():
            if not agree(got[rule_id], reason):
                place = f"seed {case.seed} line {simulated.line} {rule_id}"
                found.append(f"{place}: {got[rule_id]}, model {reason}")
    return found


def reasons_of(simulated: Simulated, result: Result) -> dict[str, str] | None:
    """The model's, of the event or the timer."""
    if simulated.rung is None:
        return None if simulated.event is None else result.reasons.get(simulated.line)
    due = simulated.rung.due
    _, client = split_client_key(due.key)
    return result.timer_reasons.get((Rank(due.rank).name, client, instant_text(due.at)))


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
