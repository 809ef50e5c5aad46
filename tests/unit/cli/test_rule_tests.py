"""`loyalty rules test`: files and their rule sets, what is printed, JUnit, JSON, exit codes."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.unit.cases.texts import RULES
from worker.cli.application import run

GOOD = """\
cases:
  - name: 400 reaches the anchor tier
    given: {events: [{type: BALANCE_TOPPED_UP, topupAmountMajor: 400}]}
    expect: {commands: [{ruleId: everyday.anchor, amountMajor: 48}]}
"""
BAD = GOOD.replace("48", "50").replace("reaches", "pays 50 in")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "izi.yaml").write_text(RULES)
    (tmp_path / "izi.test.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Shown = pytest.CaptureFixture[str]


def test_tests_that_pass(folder: Path, capsys: Shown) -> None:
    assert run(["rules", "test"]) == 0
    shown = capsys.readouterr()
    assert shown.out == (
        "ok   izi.test.yaml: 400 reaches the anchor tier\n"
        "izi.yaml: 1 of 4 rules fired\n"
        "  never fired: absent, regular\n"
        "  tiers never hit: everyday.entry\n"
        "  `when` never true: regular\n"
        "  `when` never false: regular\n"
    )
    assert shown.err == "1 case, 0 failed\n"


def test_what_was_never_tried_may_be_a_failure(folder: Path, capsys: Shown) -> None:
    assert run(["rules", "test", "--full-coverage"]) == 1
    assert capsys.readouterr().err == "1 case, 0 failed; not everything was tried\n"


def test_tests_that_fail(folder: Path, capsys: Shown) -> None:
    (folder / "izi.test.yaml").write_text(BAD)
    assert run(["rules", "test", "izi.yaml"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith(
        "FAIL izi.test.yaml: 400 pays 50 in the anchor tier\n"
        "izi.test.yaml:4:25: no command with ruleId everyday.anchor, amountMajor 50 [MISSING]\n"
    )
    assert (
        "      = happened: ADD_BONUS 48.00 by everyday.anchor at e-1; "
        "amountMajor is 48.00, not 50\n"
        "      e-1 BALANCE_TOPPED_UP of client-1\n"
        "        + everyday.anchor: ADD_BONUS 48.00 RUB\n"
    ) in shown.out
    assert shown.err == "1 case, 1 failed\n"


def test_a_timer_is_explained_too(folder: Path, capsys: Shown) -> None:
    (folder / "izi.test.yaml").write_text("""\
cases:
  - name: absent
    given:
      client: {bonusBalanceMajor: 30}
      before: [{type: VISIT_STARTED}]
      until: "2026-01-20T00:00:00+03:00"
    expect: {commands: [{ruleId: absent, amountMajor: 31}]}
""")
    assert run(["rules", "test"]) == 1
    out = capsys.readouterr().out
    assert "CLIENT_ABSENT of client-1" in out
    assert "+ absent: ADD_BONUS 30.00 RUB" in out


def test_findings(folder: Path, capsys: Shown) -> None:
    """The other file is run all the same."""
    (folder / "izi.more.test.yaml").write_text(GOOD.replace("anchor,", "ancor,"))
    assert run(["rules", "test"]) == 1
    shown = capsys.readouterr()
    assert "ok   izi.test.yaml" in shown.out
    assert "izi.more.test.yaml:4:34: the rule set has no rule `everyday.ancor`" in shown.err
    assert shown.err.endswith("1 case, 0 failed, 1 finding to mend\n")


def test_findings_of_the_rule_set(folder: Path, capsys: Shown) -> None:
    (folder / "izi.yaml").write_text(RULES.replace("RUB", "RUBB"))
    (folder / "izi.more.test.yaml").write_text(GOOD)
    assert run(["rules", "test"]) == 1
    shown = capsys.readouterr()
    assert shown.err.count("izi.yaml:4:11: ") == 1
    assert shown.out == ""


def test_junit(folder: Path, capsys: Shown) -> None:
    (folder / "izi.more.test.yaml").write_text(BAD)
    (folder / "izi.wrong.test.yaml").write_text("cases: 5")
    assert run(["rules", "test", "--junit", "results.xml"]) == 1
    root = fromstring((folder / "results.xml").read_bytes())
    counted = ("tests", "failures", "errors")
    assert [root.get(name) for name in counted] == ["3", "1", "1"]
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"izi.test.yaml", "izi.more.test.yaml", "izi.wrong.test.yaml"}
    assert [suites["izi.more.test.yaml"].get(name) for name in counted] == ["1", "1", "0"]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("type") == "MISSING"
    assert "+ everyday.anchor: ADD_BONUS 48.00 RUB" in (failure.text or "")
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == "izi.wrong.test.yaml:1: `cases` must be a list, not `5`"
    assert (failure.get("message") or "").startswith("izi.more.test.yaml:4: no command with ")
    for element in root.iter():
        required, optional = JUNIT_10[element.tag]
        assert required <= set(element.keys()) <= required | optional


JUNIT_10: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time", "file", "id"}),
    "testcase": ({"name"}, {"classname", "time", "group"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
}
"""Attributes that the schema asks for, and allows."""


@pytest.mark.parametrize("target", ["izi.yaml", "izi.test.yaml", "../izi.yaml"])
def test_junit_is_written_over_nothing_that_is_read(
    target: str, folder: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "izi.yaml").read_bytes(), (folder / "izi.test.yaml").read_bytes()
    (folder / "below").mkdir()
    if target.startswith(".."):
        monkeypatch.chdir(folder / "below")
    assert run(["rules", "test", str(folder / "izi.yaml"), "--junit", target]) == 2
    assert f"{target} would be written over" in capsys.readouterr().err
    assert before == ((folder / "izi.yaml").read_bytes(), (folder / "izi.test.yaml").read_bytes())


def test_junit_on_standard_output(folder: Path, capsys: Shown) -> None:
    assert run(["rules", "test", "--junit", "-"]) == 0
    root = fromstring(capsys.readouterr().out)
    case = root.find("testsuite/testcase")
    assert case is not None
    assert (case.get("name"), case.get("classname")) == (
        "400 reaches the anchor tier",
        "izi.test.yaml",
    )
    assert run(["rules", "test", "--junit", "-", "--format", "json"]) == 2


def test_for_programs(folder: Path, capsys: Shown) -> None:
    (folder / "izi.more.test.yaml").write_text(BAD)
    assert run(["rules", "test", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["passed"], answer["failed"], answer["findings"]) == (1, 1, [])
    [rules] = answer["ruleSets"]
    assert (rules["rules"], rules["organizationId"]) == ("izi.yaml", "izi")
    failed, passed = rules["cases"]
    assert (passed["name"], passed["passed"], passed["failures"]) == (
        "400 reaches the anchor tier",
        True,
        [],
    )
    [failure] = failed["failures"]
    assert (failure["code"], failure["file"], failure["line"]) == ("MISSING", failed["file"], 4)
    assert failure["explanation"].strip().startswith("e-1 BALANCE_TOPPED_UP of client-1")
    assert rules["coverage"] == {
        "rules": 4,
        "fired": 1,
        "neverFired": ["absent", "regular"],
        "tiersNeverHit": ["everyday.entry"],
        "neverTrue": ["regular"],
        "neverFalse": ["regular"],
        "partsNeverTrue": [],
        "partsNeverFalse": [],
    }


class TestWhichRuleSet:
    def test_the_one_that_is_named(self, folder: Path, capsys: Shown) -> None:
        (folder / "tests").mkdir()
        (folder / "tests/ladder.test.yml").write_text(f"rules: ../izi.yaml\n{GOOD}")
        assert run(["rules", "test", "tests"]) == 0
        assert capsys.readouterr().out.startswith("ok   tests/ladder.test.yml")

    def test_one_that_is_not_there(self, folder: Path, capsys: Shown) -> None:
        (folder / "izi.test.yaml").write_text(f"rules: izzi.yaml\n{GOOD}")
        assert run(["rules", "test"]) == 1
        assert "izi.test.yaml:1:8: there is no rule set `izzi.yaml`" in capsys.readouterr().err

    def test_nobody_can_say_which(self, folder: Path, capsys: Shown) -> None:
        (folder / "ladder.test.yaml").write_text(GOOD)
        assert run(["rules", "test", "ladder.test.yaml"]) == 1
        err = capsys.readouterr().err
        assert "ladder.test.yaml:1:1: nobody can say which rule set these tests are about" in err
        assert "= name its file: `rules: izi.yaml`" in err

    def test_directories_are_searched_hidden_ones_are_not(
        self, folder: Path, capsys: Shown
    ) -> None:
        for name in ("pro", ".hidden"):
            (folder / name).mkdir()
            (folder / name / "izi.yaml").write_text(RULES.replace("Id: izi", "Id: pro"))
            (folder / name / "izi.test.yaml").write_text(GOOD)
        assert run(["rules", "test", "."]) == 0
        shown = capsys.readouterr()
        assert shown.err == "2 cases, 0 failed\n"
        assert "ok   pro/izi.test.yaml" in shown.out

    def test_a_rule_set_means_its_own_tests(self, folder: Path, capsys: Shown) -> None:
        (folder / "pro.yaml").write_text(RULES.replace("Id: izi", "Id: pro"))
        (folder / "pro.test.yaml").write_text(BAD)
        (folder / "izi.limits.test.yaml").write_text(GOOD)
        assert run(["rules", "test", "izi.yaml"]) == 0
        assert capsys.readouterr().err == "2 cases, 0 failed\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["empty"], 1, "error: empty: there are no rule tests; write some into a file"),
        (["none.yaml"], 1, "error: none.yaml: No such file or directory; name a file"),
        ([""], 2, "error: Invalid value: a path is empty; name rule tests, or a directory of some"),
    ],
)
def test_nothing_to_run(
    arguments: list[str], code: int, said: str, folder: Path, capsys: Shown
) -> None:
    (folder / "empty").mkdir()
    assert run(["rules", "test", *arguments]) == code
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(said)
