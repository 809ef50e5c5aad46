"""The series that Prometheus sees of the worker: names and labels are a contract.

Buckets have an edge at the objectives, so that a share can be read without interpolation.
"""

import platform
from collections.abc import Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from worker.telemetry.histogram import BatchHistogram

PUBLISHED_WITHIN = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
"""Seconds. The objective's edge is 1 s: 99 % of events are published within it."""
STAGE_WITHIN = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds. A batch over 0.1 s starves the heartbeats that share its loop."""
BATCH_EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 1500)
"""Records. 500 is the default ceiling of a batch, 1,500 the highest."""
TIMER_DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0)

# A creation time per counter would double the series; Prometheus needs none.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Series:
    """Every metric as an attribute, by its name without the prefix, in a registry of its own."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.build_info = self._gauge("build_info", "This release, value 1.", "version", "python")
        self.build_info.labels(version, platform.python_version()).set(1)
        self._define_events()
        self._define_batches()
        self._define_lanes()
        self._define_rule_sets()
        self._define_timers_and_account()

    def _define_events(self) -> None:
        counter = self._counter
        self.events_total = counter(
            "events_total", "Events taken, repeated ones too.", "topic", "type", "organization"
        )
        self.duplicates_total = counter(
            "duplicates_total", "Events that came again and had no effect.", "organization"
        )
        self.dead_letters_total = counter(
            "dead_letters_total", "Events that could not be taken.", "topic", "code"
        )
        self.rule_firings_total = counter(
            "rule_firings_total", "Rules that emitted a command.", "organization", "rule"
        )
        self.rule_rejections_total = counter(
            "rule_rejections_total",
            "Rules that passed their condition and yet did not fire.",
            "organization",
            "reason",
        )
        self.formula_failures_total = counter(
            "formula_failures_total", "Formulas that failed.", "organization", "rule", "cause"
        )
        self.commands_total = counter("commands_total", "Commands emitted.", "type", "organization")
        self.bonus_credited_major_total = counter(
            "bonus_credited_major_total",
            "Bonuses credited, in major units.",
            "organization",
            "currency",
            "rule",
        )

    def _define_batches(self) -> None:
        self.event_to_command_seconds = BatchHistogram(
            "loyalty_event_to_command_seconds",
            "From an event's broker timestamp until all that it caused was acknowledged.",
            PUBLISHED_WITHIN,
            self.registry,
        )
        self.stage_seconds = self._histogram(
            "stage_seconds", "Time of a batch in each stage of the lane.", STAGE_WITHIN, "stage"
        )
        self.batch_events = self._histogram("batch_events", "Records per batch.", BATCH_EVENTS)
        self.commit_retries_total = self._counter(
            "commit_retries_total", "Commits that were repeated because no answer came."
        )
        self.fenced_commits_total = self._counter(
            "fenced_commits_total", "Terms given up because another owner took the lane."
        )
        self.replayed_plans_total = self._counter(
            "replayed_plans_total", "Plans executed again from the lane log."
        )

    def _define_lanes(self) -> None:
        self.outbox_entries = self._gauge(
            "outbox_entries", "Output records that are committed and not yet acknowledged."
        )
        self.partition_lag_events = self._gauge(
            "partition_lag_events", "Records not yet applied, own partitions.", "topic", "partition"
        )
        self.lanes_owned = self._gauge("lanes_owned", "Lanes that this worker holds open.")
        self.lanes_waiting_for_budget = self._gauge(
            "lanes_waiting_for_budget", "Lanes that await another lane's answer about a budget."
        )

    def _define_rule_sets(self) -> None:
        self.rule_set_info = self._gauge(
            "rule_set_info", "The applied rule set, value 1.", "organization", "version", "hash"
        )
        self.rule_set_applied_timestamp_seconds = self._gauge(
            "rule_set_applied_timestamp_seconds", "When it was applied.", "organization"
        )
        self.rule_set_rejections_total = self._counter(
            "rule_set_rejections_total", "Rule sets that were refused.", "organization"
        )

    def _define_timers_and_account(self) -> None:
        """Timers and the account."""
        self.timers_due = self._gauge("timers_due", "Timers that are due and not yet taken.")
        self.timer_delay_seconds = self._histogram(
            "timer_delay_seconds", "From a timer's due instant until it was taken.", TIMER_DELAYS
        )
        self.projection_drift_total = self._counter(
            "projection_drift_total",
            "Snapshots whose bonus balance was not the worker's own.",
            "organization",
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"loyalty_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"loyalty_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, edges: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"loyalty_{name}", text, labels, registry=self.registry, buckets=edges)
