"""What the worker reports to Prometheus, a batch at a time.

Labels never hold a client or an event. Rule and organization ids are capped, since they come from
outside: what is beyond the cap is counted under `OTHER`. Series are set to 0 as soon as their
labels are known, so that a first increment is seen as one; instants are exported, not ages.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from prometheus_client import Counter, Gauge

from rules_engine.outcome import Reason
from worker.evaluation.report import BatchReport
from worker.lane.stages import STAGES
from worker.telemetry.series import Series

OTHER = "other"
MAX_ORGANIZATIONS = 100
MAX_RULES = 500
"""Of one organization."""

COMMANDS = ("ADD_BONUS", "REVOKE_BONUS", "ASSIGN_GROUP", "UNASSIGN_GROUP", "SEND_PUSH")
DEAD_LETTERS = (
    "NOT_UTF8",
    "NOT_JSON",
    "SCHEMA",
    "UNKNOWN_TYPE",
    "WRONG_TOPIC",
    "OUT_OF_RANGE",
    "KEY_MISMATCH",
    "EVENT_ID_REUSED",
    "PAYMENT_ID_REUSED",
    "NOT_IMPORTED",
    "IN_FUTURE",
    "TOO_LARGE",
)


class Stamped(Protocol):
    """What a record says about when the broker took it: milliseconds since the epoch."""

    @property
    def timestamp(self) -> int: ...


class Metrics(Series):
    """`inputs`: the event types of each input topic; `version`: the release's."""

    def __init__(
        self, inputs: Mapping[str, Sequence[str]] | None = None, version: str = ""
    ) -> None:
        super().__init__(version)
        self._inputs = dict(inputs or {})
        self._organizations: set[str] = set()
        self._rules: dict[str, frozenset[str]] = {}
        self._applied: dict[str, tuple[str, str, str]] = {}
        for stage in STAGES:
            self.stage_seconds.labels(stage)
        for topic in self._inputs:
            for code in DEAD_LETTERS:
                self.dead_letters_total.labels(topic, code)

    # ------------------------------------------------------------------ a batch

    def batch_committed(self, report: BatchReport, records: int) -> None:
        """Count what a batch of `records` came to; one without is of timers alone."""
        if records:
            self.batch_events.observe(records)
        for (topic, kind, organization), count in report.events.items():
            self.events_total.labels(topic, kind, self._organization(organization)).inc(count)
        for organization, count in report.duplicates.items():
            self.duplicates_total.labels(self._organization(organization)).inc(count)
        for organization, count in report.drifts.items():
            self.projection_drift_total.labels(self._organization(organization)).inc(count)
        for (topic, code), count in report.dead_letters.items():
            self.dead_letters_total.labels(topic, code).inc(count)
        for (kind, organization), count in report.commands.items():
            self.commands_total.labels(kind, self._organization(organization)).inc(count)
        self._count_rules(report)

    def batch_published(self, records: Iterable[Stamped], now: float) -> None:
        """All that these records caused is acknowledged. `now`: seconds since the epoch."""
        stamps = Tally(record.timestamp for record in records)
        self.event_to_command_seconds.observe(
            {max(0.0, now - stamp / 1000): count for stamp, count in stamps.items()}
        )

    def timers_taken(self, due: Iterable[int], now: float) -> None:
        """Their due instants, microseconds since the epoch; `now`: seconds."""
        for at in due:
            self.timer_delay_seconds.observe(max(0.0, now - at / 1_000_000))

    def timers_waiting(self, count: int) -> None:
        """Of all lanes, due and not yet taken."""
        self.timers_due.set(count)

    def stage_took(self, stage: str, seconds: float) -> None:
        self.stage_seconds.labels(stage).observe(seconds)

    def commit_retried(self) -> None:
        self.commit_retries_total.inc()

    def fenced(self) -> None:
        self.fenced_commits_total.inc()

    def plans_replayed(self, count: int) -> None:
        self.replayed_plans_total.inc(count)

    # ------------------------------------------------------------------ lanes

    def outputs_waiting(self, change: int) -> None:
        """Committed output records that wait for their acknowledgement: so many more or fewer."""
        self.outbox_entries.inc(change)

    def lanes_open(self, count: int) -> None:
        self.lanes_owned.set(count)

    def lanes_waiting(self, count: int) -> None:
        self.lanes_waiting_for_budget.set(count)

    def lag(self, topic: str, partition: int, records: int) -> None:
        self.partition_lag_events.labels(topic, str(partition)).set(records)

    def partition_released(self, topic: str, partition: int) -> None:
        """Its lag is another worker's to report."""
        if (topic, str(partition)) in self._lag_labels():
            self.partition_lag_events.remove(topic, str(partition))

    # ------------------------------------------------------------------ rule sets

    def rule_set_applied(
        self, organization: str, version: str, content_hash: str, rules: Iterable[str], at: float
    ) -> None:
        """The set decides from now on. `rules`: ids in matching order; `at`: seconds since epoch.

        Series of rules that it no longer holds are dropped, so their number stays bounded.
        """
        name = self._admit(organization)
        previous = self._applied.get(name)
        if previous is not None:
            self.rule_set_info.remove(*previous)
        self._applied[name] = (name, version, content_hash)
        self.rule_set_info.labels(name, version, content_hash).set(1)
        self.rule_set_applied_timestamp_seconds.labels(name).set(at)
        known = frozenset(list(rules)[:MAX_RULES])
        self._forget_rules(name, self._rules.get(name, frozenset()) - known)
        self._rules[name] = known
        for rule in known:
            self.rule_firings_total.labels(name, rule)

    def rule_set_removed(self, organization: str) -> None:
        """Its rules decide no more."""
        previous = self._applied.pop(organization, None)
        if previous is not None:
            self.rule_set_info.remove(*previous)
            self.rule_set_applied_timestamp_seconds.remove(organization)
            self._forget_rules(organization, self._rules.pop(organization, frozenset()))

    def rule_set_rejected(self, organization: str) -> None:
        self.rule_set_rejections_total.labels(self._organization(organization)).inc()

    # ------------------------------------------------------------------ labels

    def _organization(self, organization: str) -> str:
        """The organization as a label; what is beyond the cap shares one."""
        if organization in self._organizations:
            return organization
        if len(self._organizations) >= MAX_ORGANIZATIONS:
            return OTHER
        return self._admit(organization)

    def _admit(self, organization: str) -> str:
        """An organization with a rule set is always shown by its own name."""
        if organization not in self._organizations:
            self._organizations.add(organization)
            self._start_organization(organization)
        return organization

    def _rule(self, organization: str, rule: str) -> str:
        return rule if rule in self._rules.get(organization, ()) else OTHER

    def _count_rules(self, report: BatchReport) -> None:
        for (organization, rule), count in report.firings.items():
            name = self._organization(organization)
            self.rule_firings_total.labels(name, self._rule(name, rule)).inc(count)
        for (organization, reason), count in report.rejections.items():
            self.rule_rejections_total.labels(self._organization(organization), reason).inc(count)
        for (organization, rule, cause), count in report.formula_failures.items():
            name = self._organization(organization)
            self.formula_failures_total.labels(name, self._rule(name, rule), cause).inc(count)
        self._count_credits(report.credited)

    def _count_credits(self, credited: Mapping[tuple[str, str, str], Decimal]) -> None:
        for (organization, currency, rule), amount in credited.items():
            name = self._organization(organization)
            labels = (name, currency, self._rule(name, rule))
            self.bonus_credited_major_total.labels(*labels).inc(float(amount))

    def _forget_rules(self, organization: str, gone: Iterable[str]) -> None:
        rules = set(gone)
        if not rules:  # looking through all series for each of 1,000 sets would take half a minute
            return
        for metric, rule_at in (
            (self.rule_firings_total, 1),
            (self.formula_failures_total, 1),
            (self.bonus_credited_major_total, 2),
        ):
            for sample in _labels(metric):
                if sample[0] == organization and sample[rule_at] in rules:
                    metric.remove(*sample)

    def _lag_labels(self) -> set[tuple[str, ...]]:
        return set(_labels(self.partition_lag_events))

    def _start_organization(self, organization: str) -> None:
        self.duplicates_total.labels(organization)
        self.rule_set_rejections_total.labels(organization)
        self.projection_drift_total.labels(organization)
        for reason in Reason:
            self.rule_rejections_total.labels(organization, reason.value)
        for command in COMMANDS:
            self.commands_total.labels(command, organization)
        for topic, kinds in self._inputs.items():
            for kind in kinds:
                self.events_total.labels(topic, kind, organization)


def _labels(metric: Counter | Gauge) -> list[tuple[str, ...]]:
    """Label values of every series of the metric, in the order of its labels."""
    return [
        tuple(sample.labels.values()) for family in metric.collect() for sample in family.samples
    ]
