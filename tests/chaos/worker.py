"""The production worker, but for the named points: it dies or stalls at one of them.

    python -m tests.chaos.worker '{"point": "6-appended", "nth": 3}'    one worker
    python -m tests.chaos.worker                                        a nursery

A nursery has imported everything and forks a worker for each order that it reads, one JSON value a
line (`null`: a worker that nothing befalls until SIGTERM); it answers each with a line when that
worker has started (its process id) and one when it ended (its wait status), so that a test can kill
twenty workers in the time that one of them takes to import its modules.

Where CHAOS_PAGE names a file, workers share it with a fault run (`tests/chaos/page.py`), which sees
what is under way, orders deaths and steps clocks; orders of the other kind are not heard.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from config.load import load_settings
from config.logging import configure_logging
from tests.chaos.deadly import Deadly, Order
from tests.chaos.page import Page
from tests.chaos.watched import SteppingClock, Watched
from worker.app import Parts
from worker.lane.points import UNMARKED
from worker.process.production import run
from worker.rules.prover import ProverHere


def work(order: Order | None) -> int:
    """The exit code, where the worker lives to have one."""
    settings = load_settings(os.environ)
    configure_logging(settings.log_level, settings.log_format)
    return run(settings, parts=_parts(order))


def _parts(order: Order | None) -> Parts:
    if page := os.environ.get("CHAOS_PAGE"):
        shared = Page(Path(page))
        return Parts(points=Watched(shared), clock=SteppingClock(shared))
    points = UNMARKED if order is None else Deadly(order)
    return Parts(points=points, prover=ProverHere())  # another process would take a second to start


def die_with_parent() -> None:
    """Whoever killed the test leaves no worker behind, be it stopped or in the middle of a batch
    (PR_SET_PDEATHSIG of Linux)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def nurse(orders: BinaryIO) -> None:
    """Until the orders end."""
    die_with_parent()
    decoder = msgspec.json.Decoder(Order | None)
    for line in orders:
        child = os.fork()
        if child == 0:
            die_with_parent()
            os._exit(work(decoder.decode(line)))
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


def main() -> int:
    if len(sys.argv) > 1:
        return work(msgspec.json.decode(sys.argv[1], type=Order))
    nurse(sys.stdin.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
