"""Whatever an export has wrong, an import says so: each line is good or told, nothing crashes."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import cut, digit, double, end, flip, insert, swap
from worker.cli.application import run

LINES = [
    {"clientId": "c-1", "bonusBalanceMajor": "5.50", "groups": ["vip"], "birthday": "2000-02-29"},
    {
        "clientId": "клиент 2",
        "totalTopupMajor": 1200.5,
        "topupCount": 3,
        "visitCount": 2,
        "firstVisitAt": "2026-01-01T00:00:00Z",
        "batches": [{"amountMajor": "7", "restriction": {"productTypes": ["BAR"]}}],
    },
    {"clientId": "c-3"},
]
EXPORTS = {
    "clients.jsonl": "".join(json.dumps(line) + "\n" for line in LINES).encode(),
    "clients.csv": (
        b"clientId;topupCount;totalTopupMajor;groups;bonusBalanceMajor;registeredAt\n"
        b"c-1;2;400.00;vip|night;5.50;2026-01-01T00:00:00+03:00\n"
        b'"c;2";;;;;\n'
        b"c-3;0;0;;100;\n"
    ),
}
DAMAGES = (flip, cut, double, end, insert, swap, digit)
OPTIONS = ["--organization", "izi", "--club", "club-1", "--at", "2026-11-01T00:00:00+03:00"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(EXPORTS)),
    seed=st.integers(0, 1 << 32),
    damages=st.lists(st.sampled_from(DAMAGES), max_size=4),
    skips=st.booleans(),
)
def test_every_line_of_a_damaged_export_is_good_or_told(
    name: str,
    seed: int,
    damages: list[object],
    skips: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    random, value = Random(seed), EXPORTS[name]
    for each in damages:
        assert callable(each)
        value = each(random, value) if value else value
    file, report = tmp_path / name, tmp_path / "report"
    file.write_bytes(value)
    more = ["--skip-bad", str(report)] if skips else []
    code = run(["clients", "import", str(file), *OPTIONS, "--dry-run", "--format", "json", *more])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert code in (0, 1)
    if code == 1:
        assert shown.out == ""
        assert shown.err.startswith("error: ")
        return
    told = json.loads(shown.out)
    assert told["clients"] > 0
    bad = report.read_bytes().splitlines() if skips else []
    assert len(bad) == told["leftOut"]
