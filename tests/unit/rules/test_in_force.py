"""Which file's rule set decides for an organization, from look to look."""

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from worker.rules.in_force import InForce, Swapped


def rule_set(organization: str, version: int = 1) -> CompiledRuleSet:
    text = f"""
organizationId: {organization}
version: "{version}"
timeZone: Europe/Moscow
currency: RUB
rules: []
"""
    return compile_rule_set(load_rule_set(text, "rules.yaml"))


IZI, NEWER, NOISE = rule_set("izi"), rule_set("izi", 2), rule_set("noise")


def look(
    rules: InForce,
    good: dict[str, CompiledRuleSet],
    refused: tuple[str, ...] = (),
    *,
    all_proven: bool = True,
) -> Swapped:
    return rules.swap(good, refused, all_proven=all_proven)


def after(*looks: dict[str, CompiledRuleSet]) -> InForce:
    rules = InForce()
    for good in looks:
        look(rules, good)
    return rules


def test_what_decides_is_told_once_with_what_did_so_before() -> None:
    rules = InForce()
    assert look(rules, {"a": IZI, "b": NOISE}).applied == [(IZI, None), (NOISE, None)]
    assert look(rules, {"a": NEWER, "b": NOISE}).applied == [(NEWER, IZI)]
    assert look(rules, {"a": NEWER, "b": NOISE}) == Swapped([], {}, {})
    assert rules.sets == {"izi": NEWER, "noise": NOISE}


def test_a_copy_never_takes_over_also_when_it_sorts_before() -> None:
    rules = after({"b": IZI})
    assert look(rules, {"a": NEWER, "b": IZI}) == Swapped([], {}, {"a": "b"})
    assert look(rules, {"a": NEWER, "b": IZI}) == Swapped([], {}, {}), "said once"
    assert (rules.homes, rules.ignored) == ({"izi": "b"}, {"a": "b"})


def test_a_copy_decides_once_the_home_is_gone() -> None:
    rules = after({"b": IZI}, {"a": NEWER, "b": IZI})
    assert look(rules, {"a": NEWER}) == Swapped([(NEWER, IZI)], {}, {})
    assert (rules.homes, rules.ignored) == ({"izi": "a"}, {})


def test_a_home_that_changes_its_organization_is_free() -> None:
    rules = after({"a": IZI})
    applied = look(rules, {"a": NOISE, "b": NEWER}).applied
    assert {compiled.organization_id: before for compiled, before in applied} == {
        "noise": None,
        "izi": IZI,
    }
    assert rules.homes == {"noise": "a", "izi": "b"}


def test_an_organization_without_a_file_keeps_its_set_for_one_look() -> None:
    rules = after({"a": IZI, "b": NOISE}, {"b": NOISE})
    assert rules.sets["izi"] is IZI, "its file may be changing its name"
    assert look(rules, {"b": NOISE}) == Swapped([], {"izi": "a"}, {})
    assert rules.sets == {"noise": NOISE}


def test_its_set_stays_while_its_text_may_stand_in_another_file() -> None:
    rules = after({"a": IZI, "b": NOISE}, {"b": NOISE})
    assert look(rules, {"b": NOISE}, refused=("izi",)).removed == {}
    assert look(rules, {"b": NOISE}, all_proven=False).removed == {}
    assert look(rules, {"b": NOISE}).removed == {"izi": "a"}
