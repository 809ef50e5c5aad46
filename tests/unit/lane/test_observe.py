"""What lanes tell the log of what they try again."""

import logging
import time

import pytest

from worker.errors import OutcomeUnknown
from worker.telemetry.metrics import Metrics
from worker.telemetry.observer import LaneObserver


def test_a_lane_that_tries_again_tells_so_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each lane for itself, and each trouble: whoever reads must see who stands still, and why."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    observer = LaneObserver(Metrics({}, "1"))
    for second in range(0, 65, 5):
        now = 100.0 + second
        for lane in (3, 4):
            observer.retried(lane, "lane", OutcomeUnknown("no answer"))
    observer.retried(3, "commit", OutcomeUnknown("no reply"))
    told = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert told == [
        "lane 3: lane, trying again: no answer",
        "lane 4: lane, trying again: no answer",
        "lane 3: lane, trying again: no answer",
        "lane 4: lane, trying again: no answer",
        "lane 3: commit, trying again: no reply",
    ]
