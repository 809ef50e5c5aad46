"""A thread that computes beside the event loop."""

import sys
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from worker.process.turns import TURN_SECONDS, take_short_turns


@pytest.fixture
def short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    take_short_turns()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("short_turns")
def test_a_loop_that_asks_the_system_often_keeps_its_turns() -> None:
    """Each call gives the interpreter away; by CPU, of which a busy machine takes nothing."""
    until = time.monotonic() + 1.0
    computing = Thread(target=_compute, args=(until,))
    computing.start()
    calls, begin = 0, time.process_time()
    while time.process_time() < begin + 0.4:
        time.sleep(1e-4)
        calls += 1
    computing.join()
    assert calls > 0.4 / TURN_SECONDS / 4


def _compute(until: float) -> None:
    while time.monotonic() < until:
        sum(range(100))
