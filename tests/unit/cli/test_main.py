"""The border of the command line: exit codes, one clear line, results apart from remarks."""

import json
import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO

import pytest

from worker.cli.application import run
from worker.cli.output import write_any_character

RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: five
    name: Five percent
    trigger: BALANCE_TOPPED_UP
    actions: [{type: ADD_BONUS, formula: "percent(topupAmountMajor, 5)"}]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "izi.yaml"
    file.write_text(RULES)
    return file


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("koi8-r", "12 → 14 да", "12 \\u2192 14 да".encode("koi8-r")),
        ("utf-8", "12 → 14 да", "12 → 14 да".encode()),
        ("utf-8", "bad\udcff.yaml", b"bad\\udcff.yaml"),
    ],
)
def test_a_terminal_of_another_encoding(
    encoding: str, text: str, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = BytesIO()
    terminal = TextIOWrapper(taken, encoding=encoding)
    monkeypatch.setattr("sys.stdout", terminal)
    write_any_character()
    print(text, end="", flush=True)
    assert taken.getvalue() == written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simlate"], "No such command 'simlate'. Did you mean 'simulate'? See loyalty --help."),
        (["--colour"], "No such option: --colour. See loyalty --help."),
        (["rules", "validate"], "Missing argument 'PATH…'. See loyalty rules validate --help."),
        (["topics", "create"], "Missing option '--partitions'. See loyalty topics create --help."),
        (
            ["topics", "create", "--partitions", "0"],
            "Invalid value for '--partitions': Input should be greater than or",
        ),
        (
            ["topics", "create", "--partitions", "six"],
            "Invalid value for '--partitions': Input should be a valid integer,",
        ),
        (["rules", "variables", "VISIT_START"], "did you mean 'VISIT_STARTED'?"),
        (["dead-letters", "list", "--code", "SCHEME"], "there is no code 'SCHEME'; one of NOT_"),
        (["rules", "validate", ""], "a path is empty; name a rule set, or a directory of some"),
        (["schema", "export", ""], "the directory's name is empty; - prints all"),
        (["demo", "--rules", ""], "a path is empty; name a rule set, or a directory of some"),
        (["demo", "--rules", "none.yaml"], "none.yaml does not exist; name a rule set, or"),
        (["version", "--format", "xml"], "Invalid value for '--format': 'xml' is not one of"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    [line] = shown.err.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    shown = capsys.readouterr()
    assert "simulate" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("command", ["worker", "check"])
def test_wrong_settings(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", "kafka")
    assert run([command]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("error: ") for line in lines)
    assert "LOYALTY_KAFKA_BOOTSTRAP_SERVERS='kafka': 'kafka' is not host:port" in "".join(lines)


def test_check_names_the_part(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("LOYALTY_RULES_SOURCE", "directory:/rules")
    assert run(["check", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["good"] is False
    assert [finding["part"] for finding in answer["findings"]] == ["redis"]


class TestRules:
    def test_a_good_set(self, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["rules", "validate", str(rules)]) == 0
        shown = capsys.readouterr()
        assert shown.out == f"{rules}: good (izi 1, 1 rule)\n"
        assert shown.err == ""

    def test_findings(self, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
        rules.write_text(RULES.replace("topupAmountMajor", "topupAmount").replace("RUB", "RUBB"))
        assert run(["rules", "validate", str(rules)]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert f"{rules}:5:11: " in shown.err
        assert f"{rules}:10:51: " in shown.err
        assert "^^^^" in shown.err
        assert "did you mean" in shown.err
        assert shown.err.endswith("\n2 to mend.\n")

    def test_findings_for_programs(self, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bad = rules.with_name("bad.yaml")
        bad.write_text(RULES.replace("RUB", "RUBB"))
        assert run(["rules", "validate", str(rules.parent), "--format", "json"]) == 1
        answer = json.loads(capsys.readouterr().out)
        assert [one["file"] for one in answer["ruleSets"]] == [str(rules)]
        [finding] = answer["findings"]
        assert (finding["file"], finding["line"], finding["column"]) == (str(bad), 5, 11)
        assert finding["remedy"]

    def test_two_files_of_one_organization(
        self, rules: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rules.with_name("other.yml").write_text(RULES)
        assert run(["rules", "validate", str(rules.parent)]) == 1
        err = capsys.readouterr().err
        assert f"other.yml:1:1: Organization 'izi' has its rules in {rules} too." in err

    def test_rule_tests_are_no_rule_sets(
        self, rules: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tests = rules.with_name("izi.test.yaml")
        tests.write_text("cases: []")
        assert run(["rules", "validate", str(rules.parent)]) == 0
        assert capsys.readouterr().out == f"{rules}: good (izi 1, 1 rule)\n"
        assert run(["rules", "validate", str(tests)]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"{tests}: it holds rule tests [UNREADABLE]\n")
        assert f"      = run `loyalty rules test {tests}`\n" in said

    @pytest.mark.parametrize(
        ("name", "said"),
        [("none.yaml", "No such file or directory"), ("empty", "it holds no *.yaml, *.yml or")],
    )
    def test_nothing_to_check(
        self, name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "empty").mkdir()
        assert run(["rules", "validate", str(tmp_path / name)]) == 1
        assert capsys.readouterr().err.startswith(f"{tmp_path / name}: {said}")

    @pytest.mark.parametrize("command", ["validate", "lint"])
    def test_one_that_is_not_there_hides_no_other(
        self, command: str, rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad, pipe = tmp_path / "bad.yaml", tmp_path / "pipe.yaml"
        bad.write_text(RULES.replace("topupAmountMajor", "topupAmuntMajor"))
        os.mkfifo(pipe)
        paths = [str(rules), str(tmp_path / "none.yaml"), str(pipe), str(bad)]
        assert run(["rules", command, *paths]) == 1
        shown = capsys.readouterr()
        assert shown.out.startswith(f"{rules}: ")
        for said in (
            f"{paths[1]}: No such file or directory [UNREADABLE]\n      = name a file that can be",
            f"{pipe}: it is a named pipe, which may never end [UNREADABLE]\n      = name a file\n",
            f"{bad}:10:51: there is no variable topupAmuntMajor [FORMULA_UNKNOWN_NAME]",
        ):
            assert said in shown.err

    def test_what_a_shell_pipes_into_it_is_read(self, rules: Path) -> None:
        command = f"{sys.executable} -m worker.cli.main rules validate <(cat {rules})"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(": good (izi 1, 1 rule)\n")

    def test_variables(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["rules", "variables", "BALANCE_TOPPED_UP", "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert {row["trigger"] for row in rows} == {"BALANCE_TOPPED_UP"}
        assert {"topupAmountMajor", "isFirstTopup", "dayOfWeek"} <= {row["name"] for row in rows}
        assert run(["rules", "variables"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("PAYMENT_MADE\ttotalAmountMajor\tnumber\t") for line in lines)


class TestSchema:
    def test_all_in_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["schema", "export"]) == 0
        schemas = json.loads(capsys.readouterr().out)
        assert {"event.BALANCE_TOPPED_UP", "command.ADD_BONUS", "rule-set"} <= set(schemas)

    def test_a_file_each(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["schema", "export", str(tmp_path / "new")]) == 0
        shown = capsys.readouterr()
        assert shown.out == ""
        schema = json.loads((tmp_path / "new/command.ADD_BONUS.json").read_text())
        assert "amountMajor" in schema["properties"]

    def test_a_place_that_cannot_be_written(
        self, rules: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["schema", "export", str(rules)]) == 1
        assert capsys.readouterr().err.startswith(f"error: {rules}: ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["version"] == "0.1.0"
    assert "faust-streaming" in answer["parts"]


def test_what_takes_long_is_not_imported_for_help() -> None:
    code = (
        "import sys; from worker.cli.application import run; run(['--help']); "
        "slow = {'faust', 'aiokafka', 'redis', 'pydantic', 'pydantic_settings', 'asteval'}; "
        "sys.exit(str(slow & set(sys.modules)) if slow & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["version", "rules variables", "schema export"])
def test_output_that_cannot_be_written(command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = loyalty(*command.split(), stdout=full)
    assert done.returncode == 1
    assert done.stderr == (
        "error: The output cannot be written: No space left on device. Make room, or write "
        "elsewhere.\n"
    )


def test_a_reader_that_goes_away(rules: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = loyalty("schema", "export", stdout=pipe)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_closed_output(rules: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("{}\n")
    code = (
        "import sys; from worker.cli.application import run; sys.stdin = sys.stdout = None; "
        f"sys.exit(run(['simulate', '--rules', {str(rules)!r}, *sys.argv[1:]]))"
    )
    for arguments, said in (
        (["--events", str(events), "--commands", "-"], "output"),
        (["--events", "-"], "input"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
        )
        said_line = f"error: standard {said} is closed; name a file instead of -\n"
        assert (done.returncode, done.stderr) == (1, said_line)


def loyalty(*arguments: str, stdout: IO[bytes]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "worker.cli.main", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


def test_without_settings_nothing_is_called_good(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("LOYALTY_")]:
        monkeypatch.delenv(name)
    assert run(["check"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "LOYALTY_KAFKA_BOOTSTRAP_SERVERS" in shown.err
