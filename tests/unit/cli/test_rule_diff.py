"""`loyalty rules diff` and `simulate --compare`: what is printed, JSON, what is refused."""

import json
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.unit.difference.test_outcomes import EVENTS, NEW, OLD
from worker.cli.application import run

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW.replace('"1"', '"2"'))
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(EVENTS) + b"\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestDiff:
    def test_in_words(self, folder: Path, capsys: Shown) -> None:
        assert run(["rules", "diff", "old.yaml", "new.yaml"]) == 0
        assert capsys.readouterr().out == (
            "izi: 1 → 2\n"
            "~ rule five: credit: percent(topupAmountMajor, 5) → percent(topupAmountMajor, 10)\n"
            "~ rule large: credit: 50 → 5\n"
        )

    def test_no_difference(self, folder: Path, capsys: Shown) -> None:
        (folder / "same.json").write_text(json.dumps({"a": 1}))
        (folder / "same.yaml").write_text(OLD.replace('"1"', '"7"'))
        assert run(["rules", "diff", "old.yaml", "same.yaml"]) == 0
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", "no difference\n")

    def test_for_programs(self, folder: Path, capsys: Shown) -> None:
        assert run(["rules", "diff", "old.yaml", "new.yaml", "--format", "json"]) == 0
        [answer] = json.loads(capsys.readouterr().out)
        assert (answer["old"]["version"], answer["new"]["version"]) == ("1", "2")
        assert len(answer["new"]["contentHash"]) == 64
        assert answer["changes"][1] == {
            "kind": "CHANGED",
            "subject": "rule",
            "id": "large",
            "oldId": "",
            "about": "",
            "details": [
                {"what": "credit", "before": "50", "after": "5", "words": "credit: 50 → 5"}
            ],
            "lines": ["~ rule large: credit: 50 → 5"],
        }

    def test_directories_by_organization(self, folder: Path, capsys: Shown) -> None:
        for name, files in (("was", {"izi": OLD, "pro": OLD}), ("now", {"izi": NEW, "neo": OLD})):
            (folder / name).mkdir()
            for organization, text in files.items():
                written = text.replace("Id: izi", f"Id: {organization}")
                (folder / name / f"{organization}.yaml").write_text(written)
        assert run(["rules", "diff", "was", "now"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "izi: 1 → 1"
        assert lines[-2:] == ["neo: added, 2 rules", "pro: removed, 2 rules"]

    def test_a_set_that_is_refused(self, folder: Path, capsys: Shown) -> None:
        (folder / "new.yaml").write_text(NEW.replace("RUB", "RUBB"))
        assert run(["rules", "diff", "old.yaml", "new.yaml"]) == 1
        assert "new.yaml:4:11: " in capsys.readouterr().err


class TestCompare:
    ARGUMENTS = ("simulate", "--rules", "old.yaml", "--compare", "new.yaml", "--events")

    def test_in_words(self, folder: Path, capsys: Shown) -> None:
        assert run([*self.ARGUMENTS, "events.jsonl", "--top", "2"]) == 0
        assert capsys.readouterr().out == (
            "izi 1 → 2, 7 events, 1 dead letter\n"
            "credited 147.50 → 200.00 (+52.50) RUB, +35.6 %\n"
            "clients: gaining 3 by 52.50, losing 0, unchanged 0\n"
            "  ADD_BONUS: 4 → 4\n"
            "  ASSIGN_GROUP: 1 → 1\n"
            "  REVOKE_BONUS: 1 → 1\n"
            "  rule five: 3 → 3 firings, credited 97.50 → 195.00 (+97.50)\n"
            "  rule large: 1 → 1 firings, credited 50.00 → 5.00 (-45.00)\n"
            "  clara gains: 45.00 → 90.00 (+45.00)\n"
            "  boris gains: 100.00 → 105.00 (+5.00)\n"
            "  and 1 more\n"
        )

    def test_from_standard_input(
        self, folder: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"\n".join(EVENTS))))
        assert run([*self.ARGUMENTS, "-", "--format", "json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["versions"] == {"before": "1", "after": "2"}
        assert (answer["events"], answer["deadLetters"]) == (7, 1)
        assert answer["total"] == {
            "beforeMajor": "147.50",
            "afterMajor": "200.00",
            "differenceMajor": "52.50",
            "firingsBefore": 4,
            "firingsAfter": 4,
        }
        assert answer["clients"] == {"gaining": 3, "losing": 0, "same": 0}
        assert [each["clientId"] for each in answer["gains"]] == ["clara", "boris", "anna"]
        assert answer["rules"][1]["differenceMajor"] == "-45.00"

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [("Id: izi", "Id: pro", "organization izi"), ("RUB", "KZT", "currency RUB")],
    )
    def test_what_cannot_be_compared(
        self, old: str, new: str, what: str, folder: Path, capsys: Shown
    ) -> None:
        (folder / "new.yaml").write_text(NEW.replace(old, new))
        assert run([*self.ARGUMENTS, "events.jsonl"]) == 1
        assert f"cannot be compared: one has the {what}" in capsys.readouterr().err

    @pytest.mark.parametrize("option", [["--explain"], ["--commands", "c.jsonl"]])
    def test_sums_alone(self, option: list[str], folder: Path, capsys: Shown) -> None:
        assert run([*self.ARGUMENTS, "events.jsonl", *option]) == 2
        assert "--compare writes sums alone" in capsys.readouterr().err
