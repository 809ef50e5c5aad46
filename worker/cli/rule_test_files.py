"""Files of rule tests by path, each with the rule set that it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING

from worker.cli.failure import CommandFailed
from worker.cli.output import read_bytes

if TYPE_CHECKING:
    from rules_engine.cases.checked import CheckedCases
    from rules_engine.cases.read import ReadTests
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.diagnostics import Diagnostic


@dataclass
class Loaded:
    """Files of tests by the rule set that they are about, and everything that is to mend."""

    tests: dict[str, list["CheckedCases"]] = field(default_factory=dict)
    findings: list["Diagnostic"] = field(default_factory=list)


def files_of_tests(paths: Sequence[str]) -> list[str]:
    """The files of tests that paths mean: a file of tests itself, a rule set's own, or all in a
    directory and below. Raises CommandFailed where there are none."""
    files = [file for path in paths for file in _files_of(path)]
    if not files:
        raise CommandFailed(
            f"{', '.join(paths)}: there are no rule tests; write some into a file beside the rule "
            "set: izi.test.yaml beside izi.yaml"
        )
    return list(dict.fromkeys(files))


def tests_beside(path: str) -> list[str]:
    """The files of tests of one rule set; none is no fault."""
    return list(_files_of(path)) if Path(path).is_file() else []


def load_tests(files: Sequence[str]) -> Loaded:
    """Every file with its rule set, as far as they are good."""
    from rules_engine.cases.check import check_tests
    from rules_engine.cases.read import read_tests
    from rules_engine.errors import RuleSetError

    loaded = Loaded()
    rule_sets: dict[str, CheckedRuleSet | None] = {}
    for file in files:
        try:
            read = read_tests(read_bytes(file), file)
            path = _rule_set_of(file, read)
            if path not in rule_sets:
                rule_sets[path] = _load(path, loaded)
            rule_set = rule_sets[path]
            if rule_set is not None:
                checked = check_tests(read, rule_set)
                loaded.tests.setdefault(path, []).append(checked)
        except RuleSetError as error:
            loaded.findings += error.diagnostics
    return loaded


def _load(path: str, loaded: Loaded) -> "CheckedRuleSet | None":
    """None where it has findings."""
    from rules_engine.author import load_rule_set
    from rules_engine.errors import RuleSetError

    try:
        return load_rule_set(read_bytes(path), path)
    except RuleSetError as error:
        loaded.findings += error.diagnostics
        return None


def _files_of(path: str) -> Iterator[str]:
    from rules_engine.cases.names import is_rule_test, rule_set_names

    place = Path(path)
    if place.is_dir():
        found = (each for each in place.rglob("*") if is_rule_test(each.name))
        yield from sorted(str(each) for each in found if _is_visible(each.relative_to(place)))
    elif is_rule_test(path) or not place.is_file():
        yield path
    else:
        beside = (each for each in place.parent.iterdir() if is_rule_test(each.name))
        yield from sorted(str(each) for each in beside if place.name in rule_set_names(each.name))


def _is_visible(place: Path) -> bool:
    return not any(part.startswith(".") for part in place.parts)


def _rule_set_of(file: str, read: "ReadTests") -> str:
    """The rule set's path. Raises RuleSetError where there is none."""
    from rules_engine.cases.names import rule_set_names
    from rules_engine.errors import RuleSetError

    folder = Path(file).parent
    if read.rules is not None:
        if (folder / read.rules).is_file():
            return normpath(folder / read.rules)
        remedy = f"write its path from {folder}"
        message = f"there is no rule set `{read.rules}`"
        read.findings.add("NO_RULE_SET", ("rules",), message, remedy)
    else:
        for name in rule_set_names(Path(file).name):
            if (folder / name).is_file():
                return str(folder / name)
        message = "nobody can say which rule set these tests are about"
        remedy = "name its file: `rules: izi.yaml`"
        read.findings.add("NO_RULE_SET", (), message, remedy)
    raise RuleSetError(read.findings.sorted())
