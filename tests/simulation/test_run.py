"""The command line of the simulation: what it plays, finds and replays."""

import os
import subprocess
import sys

import pytest
from msgspec.structs import replace

from tests.simulation import run
from tests.simulation.oracle import Broken
from tests.simulation.world import Listener


def breaks_at_three(seed: int, faults: int, listener: Listener | None = None) -> int:
    if listener is not None:
        listener("lane 0: something happens")
    if seed == 3:
        raise Broken("published: one too many")
    return 2


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run.KINDS, "lane", replace(run.KINDS["lane"], run_seed=breaks_at_three))


def test_every_kind_is_played_and_nothing_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--seeds", "2", "--jobs", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:-1]] == list(run.KINDS)
    assert all(": 2 histories of " in line and ": 0 broken, " in line for line in told[:-1])
    assert told[-1].startswith("8 histories, ")


@pytest.mark.usefixtures("broken")
def test_a_seed_that_breaks_is_named_and_the_others_are_played(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run.main(["--of", "lane", "--first", "2", "--seeds", "4", "--jobs", "1"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "lane seed 3: Broken: published: one too many"
    assert told[1].startswith("lane: 4 histories of one lane, 6 owners, up to 12 faults: 1 broken")


@pytest.mark.usefixtures("broken")
def test_a_replay_tells_what_happened_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--of", "lane", "--seed", "3"]) == 1
    happened, ended = capsys.readouterr().out.splitlines()
    assert happened == "lane 0: something happens"
    assert ended == "lane seed 3: Broken: published: one too many"
    assert run.main(["--of", "lane", "--seed", "4"]) == 0
    assert capsys.readouterr().out.endswith("lane seed 4: nothing lost, doubled or wrong\n")


def test_a_replay_needs_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run.main(["--seed", "3"])
    assert stopped.value.code == 2
    assert "say which by --of" in capsys.readouterr().err


def test_a_seed_is_the_same_history_in_every_process() -> None:
    told = [replayed(hash_seed) for hash_seed in ("1", "2")]
    assert told[0] == told[1]
    assert "appends" in told[0]


def replayed(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation.run", "--of", "together", "--seed", "3"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout
