"""The measurements of a reload: edited files, and what counts as a pause."""

from pathlib import Path

import yaml

from benchmarks.reload.gaps import Gap, Pauses, pauses, read_gaps, write_gaps
from benchmarks.reload.rule_files import rules_of_size
from rules_engine.author import load_rule_set

GAPS = [
    Gap(at=9.9, wall=9.0, cpu=9.0),  # before
    Gap(at=10.0, wall=0.030, cpu=0.028),
    Gap(at=11.0, wall=0.080, cpu=0.010),  # the machine had something else to do
    Gap(at=12.0, wall=0.040, cpu=0.055),  # another thread computed beside it
    Gap(at=12.1, wall=9.0, cpu=9.0),  # after
]


def test_pauses_of_a_span() -> None:
    found = pauses(GAPS, 10.0, 12.0, bound_seconds=0.050)
    assert found == Pauses(wall_ms=80.0, cpu_ms=40.0, over=1)


def test_a_span_without_gaps_has_no_pauses() -> None:
    assert pauses(GAPS, 12.05, 12.08, bound_seconds=0.050) == Pauses(0.0, 0.0, 0)


def test_gaps_come_back_from_their_file(tmp_path: Path) -> None:
    write_gaps(tmp_path / "gaps.json", GAPS)
    assert read_gaps(tmp_path / "gaps.json") == GAPS


def test_a_set_has_its_size_and_each_edit_another_formula() -> None:
    sets = [load_rule_set(rules_of_size(300, f"v-{n}", edit=n), "rules.yaml") for n in range(3)]
    assert [len(each.rules) for each in sets] == [300, 301, 301]
    formulas = [{rule.when.text for rule in each.rules if rule.when} for each in sets]
    assert len(formulas[1] - formulas[0]) == len(formulas[2] - formulas[1]) == 1


def test_a_version_alone_changes_nothing_else() -> None:
    first, second = (yaml.safe_load(rules_of_size(120, version)) for version in ("a", "b"))
    assert {**first, "version": "b"} == second
