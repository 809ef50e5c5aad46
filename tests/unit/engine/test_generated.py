"""The cost of an event depends on the rules that can fire for it: what is generated, not timed."""

from decimal import Decimal

from rules_engine.checked import Window
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from tests.unit.engine.builders import credit, rule, rule_set


def function(compiled: CompiledRuleSet, club: str) -> str:
    """The text of the function that decides about top-ups in a club."""
    rules = compiled.triggers["BALANCE_TOPPED_UP"]
    decide = rules.by_club.get(club, rules.elsewhere)
    name = getattr(decide, "__name__")  # noqa: B009
    return next(text for text in compiled.source.split("\n\n") if text.startswith(f"def {name}("))


def test_a_club_looks_at_its_own_rules_only() -> None:
    clubs = [rule(f"r{n:02}", club_ids=frozenset({f"club-{n}"})) for n in range(50)]
    compiled = compile_rule_set(rule_set(*clubs, rule("zz-all")))
    assert function(compiled, "club-7").count("x_fire") == 2
    assert function(compiled, "elsewhere").count("x_fire") == 1


def test_clubs_with_the_same_rules_share_a_function() -> None:
    pair = frozenset({"club-1", "club-2"})
    compiled = compile_rule_set(rule_set(rule("a", club_ids=pair), rule("b", club_ids=pair)))
    assert function(compiled, "club-1") is not None
    decisions = compiled.triggers["BALANCE_TOPPED_UP"].by_club
    assert decisions["club-1"] is decisions["club-2"]


def test_disabled_rules_and_other_triggers_cost_nothing() -> None:
    visit = rule("v", credit(trigger="VISIT_STARTED"), trigger="VISIT_STARTED")
    compiled = compile_rule_set(rule_set(rule("a", enabled=False), visit))
    assert set(compiled.triggers) == {"VISIT_STARTED"}


def test_thresholds_branch_so_that_no_bound_is_tested_twice() -> None:
    tiers = [
        rule(f"t{n}", at_least=Decimal(n * 100), priority=n, exclusive="x") for n in range(1, 9)
    ]
    text = function(compile_rule_set(rule_set(*tiers)), "elsewhere")
    # Eight thresholds: the way to any leaf takes at most four comparisons.
    assert max(len(line) - len(line.lstrip()) for line in text.splitlines()) <= 6
    assert "topupAmountMajor >= " in text


def test_shared_conditions_are_worked_out_once() -> None:
    night = (Window(frozenset({1}), 600, 780),)
    rules = [rule(f"r{n}", windows=night, when="topupAmountMajor * 2 > 5") for n in range(5)]
    text = function(compile_rule_set(rule_set(*rules)), "elsewhere")
    assert text.count("s0 if s0 is not x_unset") == 5
    assert text.count("s1 if s1 is not x_unset") == 5


def test_equal_formulas_share_a_function() -> None:
    rules = [rule(f"r{n}", credit("percent(topupAmountMajor, 12)")) for n in range(9)]
    assert compile_rule_set(rule_set(*rules)).source.count("def q") == 1
