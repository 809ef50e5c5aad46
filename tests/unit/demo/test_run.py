"""Ends of the demo that are no good ends."""

import asyncio
from collections import Counter
from typing import cast

import pytest

from worker.demo import run as demo
from worker.demo.feeder import Feeder
from worker.errors import LoudStop


class Sent:
    """A feeder as the watch sees it."""

    def __init__(self, **lanes: int) -> None:
        self.sent = Counter({int(lane[1:]): count for lane, count in lanes.items()})


async def watch(sent: Sent, events: int) -> None:
    running = demo._Demo(demo.Options())
    running.totals.events = events
    await running._watch(cast(Feeder, sent))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "STALLED_AFTER", 0.1)
    monkeypatch.setattr(demo, "REFRESH_SECONDS", 0.01)


async def test_records_that_wait_and_do_not_move_end_it_loudly() -> None:
    with pytest.raises(LoudStop, match="3 records wait"):
        await asyncio.wait_for(watch(Sent(_0=5, _1=2), events=4), 60)


async def test_nothing_to_do_is_no_standstill() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch(Sent(_0=5), events=5), 0.5)
