"""What the lanes tell: to the metrics, the log and whoever listens (the demo's console)."""

import logging
import time
from collections.abc import Callable, Sequence

from schemas.records import Record
from worker.evaluation.report import BatchReport
from worker.lane.evaluator_port import Evaluated
from worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

TELL_AGAIN_SECONDS = 60.0
"""A lane that tries again and again tells so that often."""

MOST_TROUBLES = 100
"""That a lane is known to have told."""

Listener = Callable[[Evaluated, Sequence[Record]], None]
"""Hears of every batch once all it caused is acknowledged."""


class LaneObserver:
    """`Observer` over the metrics of one worker."""

    def __init__(self, metrics: Metrics, listener: Listener | None = None) -> None:
        self._metrics = metrics
        self._listener = listener
        self._committed: dict[int, tuple[Evaluated, Sequence[Record]]] = {}
        self._timers_left: dict[int, int] = {}
        self._told: dict[int, dict[str, float]] = {}
        """Lane → what it tried again in vain, and when that was told."""

    def acquired(self, lane: int, term: int, replayed: int, silent: int) -> None:
        log.info("lane %d acquired: term %d, %d plans replayed", lane, term, replayed)
        self._metrics.plans_replayed(replayed)

    def committed(self, lane: int, evaluated: Evaluated, records: Sequence[Record]) -> None:
        if isinstance(evaluated.report, BatchReport):
            self._metrics.batch_committed(evaluated.report, len(records))
            self._count_timers(lane, evaluated.report)
        self._metrics.outputs_waiting(len(evaluated.outputs))
        self._committed[lane] = (evaluated, records)

    def _count_timers(self, lane: int, report: BatchReport) -> None:
        if report.timers:
            self._metrics.timers_taken(report.timers, time.time())
        if report.timers_left != self._timers_left.get(lane, 0):
            self._timers_left[lane] = report.timers_left
            self._metrics.timers_waiting(sum(self._timers_left.values()))

    def published(self, lane: int, outputs: int) -> None:
        if lane not in self._committed:
            return
        evaluated, records = self._committed.pop(lane)
        self._metrics.outputs_waiting(-len(evaluated.outputs))
        self._metrics.batch_published(records, time.time())
        if self._listener is not None:
            self._listener(evaluated, records)

    def stage(self, name: str, seconds: float) -> None:
        self._metrics.stage_took(name, seconds)

    def fenced(self, lane: int, cause: str) -> None:
        log.warning("lane %d is not ours as we left it (%s): asking the group", lane, cause)
        self._drop(lane)
        self._metrics.fenced()

    def retried(self, lane: int, what: str, error: Exception) -> None:
        self._tell(lane, f"{what}, trying again: {error}")
        if what == "commit":
            self._metrics.commit_retried()
        else:
            self._drop(lane)

    def _tell(self, lane: int, trouble: str) -> None:
        told, now = self._told.setdefault(lane, {}), time.monotonic()
        level = logging.WARNING
        if len(told) > MOST_TROUBLES:
            told.clear()
        if now - told.get(trouble, -TELL_AGAIN_SECONDS) < TELL_AGAIN_SECONDS:
            level = logging.DEBUG
        else:
            told[trouble] = now
        log.log(level, "lane %d: %s", lane, trouble)

    def released(self, lane: int) -> None:
        self._told.pop(lane, None)
        self._drop(lane)

    def _drop(self, lane: int) -> None:
        """The lane begins anew: what it had committed is published by its next term."""
        if self._timers_left.pop(lane, 0):
            self._metrics.timers_waiting(sum(self._timers_left.values()))
        if lane in self._committed:
            evaluated, _ = self._committed.pop(lane)
            self._metrics.outputs_waiting(-len(evaluated.outputs))
