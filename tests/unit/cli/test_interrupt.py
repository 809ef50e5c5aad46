"""Ctrl-C while a command still loads: it is gone, without a word."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from worker.cli import application
from worker.cli.main import main

INTERRUPTED_AT_IMPORT = """
import os, signal, sys

class CtrlC:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

{before}
sys.argv = ["loyalty", "version"]
sys.meta_path.insert(0, CtrlC())
from worker.cli.main import main
main()
"""


def loyalty_version(module: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    code = INTERRUPTED_AT_IMPORT.format(module=module, before=before)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("module", ["worker.cli.application", "typer", "asyncio", "worker.errors"])
def test_while_it_loads(module: str) -> None:
    done = loyalty_version(module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_job_in_the_background_that_ignores_it_goes_on() -> None:
    done = loyalty_version("typer", "signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (done.returncode, done.stderr) == (0, "")
    assert "loyalty-worker" in done.stdout


def test_once_it_has_loaded_the_command_takes_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it takes it before it begins, that is quiet, too."""
    seen: list[object] = []

    def run(arguments: Sequence[str]) -> int:
        seen.append(signal.getsignal(signal.SIGINT))
        raise KeyboardInterrupt

    monkeypatch.setattr(application, "run", run)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert seen == [signal.default_int_handler]
