"""`loyalty simulate` and `loyalty explain` on files."""

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from worker.cli.application import run

Shown = pytest.CaptureFixture[str]
README = Path(__file__).parents[3] / "README.md"


def from_readme(language: str) -> list[str]:
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """The rule set of the README: 5 % from 200, 12 % from 400."""
    file = tmp_path / "izi.yaml"
    file.write_text(from_readme("yaml")[0], encoding="utf-8")
    return str(file)


def topup(event_id: str, amount: str, **changed: object) -> str:
    event = {
        "eventId": event_id,
        "type": "BALANCE_TOPPED_UP",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": "2026-11-22T12:00:00+03:00",
        "topupAmountMajor": amount,
        "topUpSource": "POS_TERMINAL",
    }
    return json.dumps(event | changed)


@pytest.fixture
def events(tmp_path: Path) -> str:
    """48.00, nothing, a duplicate, 10.00, an unreadable line and a reused id."""
    lines = [
        topup("e-1", "400.00"),
        topup("e-2", "199.99"),
        topup("e-1", "400.00"),
        "",
        topup("e-3", "200"),
        "{",
        topup("e-3", "201"),
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return str(file)


def test_what_the_readme_shows(rules: str, tmp_path: Path, capsys: Shown) -> None:
    shown, event = from_readme("json")
    file = tmp_path / "events.jsonl"
    file.write_text(event, encoding="utf-8")
    assert run(["simulate", "--rules", rules, "--events", str(file), "--commands", "-"]) == 0
    command = json.loads(capsys.readouterr().out)
    told = json.loads(shown)
    assert command["commandId"].startswith(told.pop("commandId").rstrip("…"))
    assert command["causedBy"]["eventId"] == told.pop("causedBy")["eventId"]
    told.pop("…")
    assert told.items() <= command.items()


def test_outputs(rules: str, events: str, tmp_path: Path, capsys: Shown) -> None:
    files = {name: tmp_path / name for name in ("commands", "journal", "dead-letters")}
    options = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    assert run(["simulate", "--rules", rules, "--events", events, *options]) == 0
    commands = [json.loads(line) for line in files["commands"].read_text().splitlines()]
    assert [(c["causedBy"]["offset"], c["amountMajor"]) for c in commands] == [
        (0, "48.00"),
        (4, "10.00"),
    ]
    letters = [json.loads(line) for line in files["dead-letters"].read_text().splitlines()]
    assert [(one["headers"]["error.code"], one["value"][:1]) for one in letters] == [
        ("NOT_JSON", "{"),
        ("EVENT_ID_REUSED", "{"),
    ]
    journal = [json.loads(line) for line in files["journal"].read_text().splitlines()]
    assert [(one["type"], one["balanceAfterMajor"]) for one in journal] == [
        ("BONUS_CREDIT", "48.00"),
        ("BONUS_CREDIT", "58.00"),
    ]
    assert [one["operationId"] for one in journal] == [one["commandId"] for one in commands]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "6 events, 2 commands, 1 duplicate, 2 dead letters",
        "  ADD_BONUS: 2",
        "  dead letter EVENT_ID_REUSED: 1",
        "  dead letter NOT_JSON: 1",
        "  rule everyday.anchor: 1 firing, credited 48.00",
        "  rule everyday.entry: 1 firing, credited 10.00",
    ]


def test_totals_for_programs(rules: str, events: str, capsys: Shown) -> None:
    assert run(["simulate", "--rules", rules, "--events", events, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "events": 6,
        "commands": {"ADD_BONUS": 2},
        "deadLetters": {"EVENT_ID_REUSED": 1, "NOT_JSON": 1},
        "duplicates": 1,
        "rules": {
            "everyday.anchor": {"firings": 1, "creditedMajor": "48.00"},
            "everyday.entry": {"firings": 1, "creditedMajor": "10.00"},
        },
        "formulaFailures": [],
    }


def test_formula_failures_are_counted(rules: str, tmp_path: Path, capsys: Shown) -> None:
    file = tmp_path / "failing.yaml"
    text = Path(rules).read_text(encoding="utf-8").partition("ladders:")[0]
    file.write_text(
        f"{text}rules:\n  - id: odd\n    name: Odd\n    trigger: BALANCE_TOPPED_UP\n"
        "    actions: [{type: ADD_BONUS, formula: 1 / (topupAmountMajor - 400)}]\n",
        encoding="utf-8",
    )
    events = tmp_path / "events.jsonl"
    events.write_text(topup("e-1", "400"), encoding="utf-8")
    assert run(["simulate", "--rules", str(file), "--events", str(events)]) == 0
    assert "  rule odd: formula failed 1 time, DIVISION_BY_ZERO" in capsys.readouterr().err


def test_events_from_standard_input(
    rules: str, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.BytesIO(topup("e-1", "400").encode())
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=lines))
    assert run(["simulate", "--rules", rules, "--events", "-"]) == 0
    assert "1 event, 1 command" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--until", "2026-12-01"], 2, "--until must be a time with date, seconds and offset as"),
        (["--until", "9999-12-31T00:00:00Z"], 2, "is too far ahead: every day until then is"),
        (["--commands", "-", "--journal", "-"], 2, "two outputs go to the same place"),
        (["--commands", "-", "--format", "json"], 2, "two outputs go to the same place"),
        (["--commands", "-", "--explain"], 2, "two outputs go to the same place"),
        (["--commands", "{events}"], 2, "would be written over; give the output its own file"),
        (["--commands", "{rules}"], 2, "izi.yaml would be written over; give the output its own"),
        (["--commands", ""], 2, "a path is empty; name a file"),
        (["--events", ""], 2, "a path is empty; name a file"),
        (["--events", "nowhere.jsonl"], 1, "nowhere.jsonl: No such file or directory; name a file"),
        (["--events", "{folder}"], 1, "Is a directory; name a file of events"),
        (["--rules", "nowhere.yaml"], 1, "nowhere.yaml: No such file or directory; name a file"),
        (["--commands", "{folder}/none/c"], 1, "No such file or directory; name a file that can"),
    ],
)
def test_one_clear_line(
    options: list[str], code: int, said: str, rules: str, events: str, capsys: Shown
) -> None:
    before = Path(events).read_bytes(), Path(rules).read_bytes()
    folder = str(Path(events).parent)
    given = [option.format(events=events, rules=rules, folder=folder) for option in options]
    assert run(["simulate", "--rules", rules, "--events", events, *given]) == code
    shown = capsys.readouterr()
    [line] = shown.err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert (Path(events).read_bytes(), Path(rules).read_bytes()) == before


def test_a_byte_order_mark_is_no_part_of_an_event(
    rules: str, tmp_path: Path, capsys: Shown
) -> None:
    file = tmp_path / "marked.jsonl"
    file.write_text("\ufeff" + topup("e-1", "400.00") + "\r\n", encoding="utf-8")
    assert run(["simulate", "--rules", rules, "--events", str(file)]) == 0
    assert capsys.readouterr().err.startswith("1 event, 1 command, 0 duplicates, 0 dead letters")


def test_a_refused_rule_set_writes_nothing(
    rules: str, events: str, tmp_path: Path, capsys: Shown
) -> None:
    Path(rules).write_text("organizationId: izi\n", encoding="utf-8")
    target = tmp_path / "commands"
    given = ["--rules", rules, "--events", events, "--commands", str(target)]
    assert run(["simulate", *given]) == 1
    assert f"{rules}:1:1: `version` is missing" in capsys.readouterr().err
    assert not target.exists()


def test_a_directory_with_several_sets(rules: str, events: str, capsys: Shown) -> None:
    folder = Path(rules).parent
    assert run(["simulate", "--rules", str(folder), "--events", events]) == 0
    (folder / "b.yaml").write_text("", encoding="utf-8")
    capsys.readouterr()
    assert run(["simulate", "--rules", str(folder), "--events", events]) == 1
    assert "it holds 2 rule sets; name one file" in capsys.readouterr().err


class TestExplain:
    def test_text(self, rules: str, events: str, capsys: Shown) -> None:
        assert run(["explain", "--rules", rules, "--events", events, "--event", "e-2"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "e-2 BALANCE_TOPPED_UP of c-1, line 2, rules 1"
        assert "  - everyday.anchor: CONDITION topupAmountMajor >= 400" in lines
        assert "      needs topupAmountMajor ≥ 400, was 199.99" in lines

    def test_every_line_with_the_id(self, rules: str, events: str, capsys: Shown) -> None:
        assert run(["explain", "--rules", rules, "--events", events, "--event", "e-1"]) == 0
        out = capsys.readouterr().out
        assert "  + everyday.anchor: ADD_BONUS 48.00 RUB" in out
        assert "  - everyday.entry: EXCLUDED_BY everyday.anchor" in out
        assert "line 3, rules 1\n  a duplicate of an earlier event: no effect" in out

    def test_json(self, rules: str, events: str, capsys: Shown) -> None:
        given = ["--rules", rules, "--events", events, "--event", "e-3", "--format", "json"]
        assert run(["explain", *given]) == 0
        first, second = map(json.loads, capsys.readouterr().out.splitlines())
        assert [(rule["ruleId"], rule["fired"], rule["reason"]) for rule in first["rules"]] == [
            ("everyday.anchor", False, "CONDITION"),
            ("everyday.entry", True, None),
        ]
        assert first["commands"][0]["amountMajor"] == "10.00"
        assert first["rules"][0]["condition"][0]["value"] is False
        assert second["rejected"] == "EVENT_ID_REUSED"

    def test_an_id_that_is_not_there(self, rules: str, events: str, capsys: Shown) -> None:
        assert run(["explain", "--rules", rules, "--events", events, "--event", "e-9"]) == 1
        assert (
            "no line that can be read, and no timer that rang, has the eventId 'e-9'"
            in capsys.readouterr().err
        )

    def test_another_organization(self, rules: str, tmp_path: Path, capsys: Shown) -> None:
        file = tmp_path / "other.jsonl"
        file.write_text(topup("e-1", "400", organizationId="other"), encoding="utf-8")
        assert run(["explain", "--rules", rules, "--events", str(file), "--event", "e-1"]) == 0
        assert "organization other has no rules here" in capsys.readouterr().out

    def test_a_budget_is_met_as_it_was_before_the_event(
        self, rules: str, events: str, capsys: Shown
    ) -> None:
        """58 of money: 48.00 fits, then exactly the 10.00 that is left."""
        text = Path(rules).read_text(encoding="utf-8")
        limits = "limits: {budget: {amountMajor: 58, per: MONTH}}\nladders:"
        Path(rules).write_text(text.replace("ladders:", limits), encoding="utf-8")
        assert run(["explain", "--rules", rules, "--events", events, "--event", "e-3"]) == 0
        assert "+ everyday.entry: ADD_BONUS 10.00 RUB" in capsys.readouterr().out
        Path(rules).write_text(
            text.replace("ladders:", limits.replace("58", "57.99")), encoding="utf-8"
        )
        assert run(["explain", "--rules", rules, "--events", events, "--event", "e-3"]) == 0
        assert "- everyday.entry: BUDGET" in capsys.readouterr().out

    def test_all_events_of_a_simulation(self, rules: str, events: str, capsys: Shown) -> None:
        assert run(["simulate", "--rules", rules, "--events", events, "--explain"]) == 0
        shown = capsys.readouterr()
        assert shown.out.count("BALANCE_TOPPED_UP of c-1") == 5
        assert "6 events, 2 commands" in shown.err


class TestTimers:
    """Two weeks after 1 November are 15 November at ten: 07:00 in UTC."""

    RULES = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules:
  - id: miss
    trigger: CLIENT_ABSENT
    after: {days: 14}
    actions: [{type: ADD_BONUS, formula: "50", expiresInDays: 1}]
"""

    @pytest.fixture
    def given(self, tmp_path: Path) -> list[str]:
        rules, events = tmp_path / "timers.yaml", tmp_path / "visits.jsonl"
        rules.write_text(self.RULES, encoding="utf-8")
        visit = {"type": "VISIT_STARTED", "visitId": "v", "tariffId": "t"}
        visit["occurredAt"] = "2026-11-01T12:00:00+03:00"
        events.write_text(topup("e-1", "1", **visit), encoding="utf-8")
        return ["--rules", str(rules), "--events", str(events)]

    @pytest.mark.parametrize(
        ("until", "commands", "journal"),
        [
            ([], [], []),
            (["--until", "2026-11-15T06:59:59.999999Z"], [], []),
            (["--until", "2026-11-15T07:00:00Z"], ["ADD_BONUS"], ["BONUS_CREDIT"]),
            (
                ["--until", "2026-11-16T10:00:00+03:00"],
                ["ADD_BONUS"],
                ["BONUS_CREDIT", "BONUS_EXPIRY"],
            ),
        ],
    )
    def test_until_is_inclusive(
        self,
        given: list[str],
        until: list[str],
        commands: list[str],
        journal: list[str],
        tmp_path: Path,
    ) -> None:
        paths = {"commands": tmp_path / "c", "journal": tmp_path / "j"}
        files = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
        assert run(["simulate", *given, *until, *files]) == 0
        written = [
            [json.loads(line)["type"] for line in path.read_text("utf-8").splitlines()]
            for path in paths.values()
        ]
        assert written == [commands, journal]

    def test_totals_count_lines_alone(self, given: list[str], capsys: Shown) -> None:
        until = ["--until", "2026-12-01T00:00:00Z", "--format", "json"]
        assert run(["simulate", *given, *until]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["events"] == 1
        assert told["commands"] == {"ADD_BONUS": 1}
        assert told["rules"] == {"miss": {"firings": 1, "creditedMajor": "50.00"}}

    def test_explanations(self, given: list[str], capsys: Shown) -> None:
        until = ["--until", "2026-12-01T00:00:00Z"]
        assert run(["simulate", *given, *until, "--explain"]) == 0
        assert capsys.readouterr().out.splitlines()[2:] == [
            "CLIENT_ABSENT of c-1 at 2026-11-15T10:00:00+03:00, rules 1",
            "  + miss: ADD_BONUS 50.00 RUB",
            "      eventId timer:CLIENT_ABSENT:miss:c-1:2026-11-15",
            "      50",
            "LAPSE of c-1 at 2026-11-16T10:00:00+03:00, rules 1",
            "  BONUS_EXPIRY 50.00 RUB",
        ]

    def test_one_timer_by_the_id_of_its_event(self, given: list[str], capsys: Shown) -> None:
        wanted = ["--event", "timer:CLIENT_ABSENT:miss:c-1:2026-11-15"]
        assert run(["explain", *given, *wanted]) == 1
        assert "no timer that rang, has the eventId" in capsys.readouterr().err
        until = ["--until", "2026-11-15T10:00:00+03:00", "--format", "json"]
        assert run(["explain", *given, *wanted, *until]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["type"], told["at"]) == ("CLIENT_ABSENT", "2026-11-15T07:00:00+00:00")
        assert told["localAt"] == "2026-11-15T10:00:00+03:00"
        assert [(rule["eventId"], rule["fired"]) for rule in told["rules"]] == [(wanted[1], True)]

    def test_two_rule_sets_are_compared_with_their_timers(
        self, given: list[str], tmp_path: Path, capsys: Shown
    ) -> None:
        other = tmp_path / "other.yaml"
        other.write_text(self.RULES.replace('"50"', '"70"'), encoding="utf-8")
        until = ["--until", "2026-11-15T10:00:00+03:00", "--format", "json"]
        assert run(["simulate", *given, *until, "--compare", str(other)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["events"] == 1
        assert told["total"]["differenceMajor"] == "20.00"
