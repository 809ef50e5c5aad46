"""The second opinion on formulas, and what it costs when a set changes a little."""

from importlib import import_module

import pytest

from rules_engine.author import ProvenFormulas, load_rule_set, prove
from rules_engine.checked import CheckedRuleSet
from rules_engine.formula.checked import CheckedFormula
from rules_engine.formula.reference import Disagreement, disagreements
from tests.unit.author.texts import HEAD

PROVE = import_module("rules_engine.author.prove")
"""The module: the package has its function under the same name."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Formulas on which a second opinion was asked."""
    texts: list[str] = []

    def counted(checked: CheckedFormula, count: int) -> list[Disagreement]:
        texts.append(checked.text)
        return disagreements(checked, count)

    monkeypatch.setattr(PROVE, "disagreements", counted)
    return texts


def rule_set(*formulas: str, trigger: str = "BALANCE_TOPPED_UP") -> CheckedRuleSet:
    rules = "".join(
        f"  - {{id: r{number}, trigger: {trigger}, "
        f'actions: [{{type: ADD_BONUS, formula: "{formula}"}}]}}\n'
        for number, formula in enumerate(formulas)
    )
    return load_rule_set(f"{HEAD}rules:\n{rules}", "rules.yaml")


def test_equal_formulas_of_a_set_are_proven_once(asked: list[str]) -> None:
    assert prove(rule_set("100", "200", "100")) == []
    assert sorted(asked) == ["100", "200"]


def test_what_was_proven_before_is_not_proven_again(asked: list[str]) -> None:
    proven = ProvenFormulas()
    prove(rule_set("100", "200"), proven)
    asked.clear()
    prove(rule_set("100", "250"), proven)
    assert asked == ["250"]


def test_the_same_text_of_another_trigger_is_another_formula(asked: list[str]) -> None:
    proven = ProvenFormulas()
    prove(rule_set("100"), proven)
    prove(rule_set("100", trigger="VISIT_STARTED"), proven)
    assert asked == ["100", "100"]


def test_a_formula_without_proof_is_found_in_every_set(monkeypatch: pytest.MonkeyPatch) -> None:
    proven = ProvenFormulas()
    sets = [rule_set("100", "percent(topupAmountMajor, 5)") for _ in range(2)]

    def differing(checked: CheckedFormula, count: int) -> list[Disagreement]:
        if checked.text == "100":
            return []
        value = sets[0].rounding
        return [Disagreement(checked.text, {}, value, "1", "2")]

    monkeypatch.setattr(PROVE, "disagreements", differing)
    for each in sets:
        (finding,) = prove(each, proven)
        assert (finding.code, finding.path) == ("EVALUATORS_DISAGREE", "r1")


def test_the_memory_is_bounded_by_what_no_set_had_for_longest(asked: list[str]) -> None:
    proven = ProvenFormulas(most=2)
    prove(rule_set("1", "2"), proven)
    prove(rule_set("1", "3"), proven)
    asked.clear()
    prove(rule_set("1", "3"), proven)
    assert asked == []
    prove(rule_set("2"), proven)
    assert asked == ["2"]
