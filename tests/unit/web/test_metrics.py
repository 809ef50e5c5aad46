"""Every metric of the contract by its exact name and labels, and how batches are counted."""

from collections import defaultdict
from decimal import Decimal

import pytest
from msgspec import Struct
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rules_engine.client import ClientState
from rules_engine.outcome import Outcome, Reason, Rejection
from schemas.decoded import Rejected
from schemas.wire import AddBonus, CausedBy, Restriction
from worker.evaluation.report import BatchReport
from worker.telemetry.metrics import MAX_ORGANIZATIONS, MAX_RULES, OTHER, Metrics

# the contract of the names: sample name → labels (a histogram is shown by its `_count`)
CONTRACT = {
    "events_total": {"topic", "type", "organization"},
    "duplicates_total": {"organization"},
    "dead_letters_total": {"topic", "code"},
    "rule_firings_total": {"organization", "rule"},
    "rule_rejections_total": {"organization", "reason"},
    "formula_failures_total": {"organization", "rule", "cause"},
    "commands_total": {"type", "organization"},
    "bonus_credited_major_total": {"organization", "currency", "rule"},
    "event_to_command_seconds_count": set(),
    "stage_seconds_count": {"stage"},
    "batch_events_count": set(),
    "commit_retries_total": set(),
    "fenced_commits_total": set(),
    "outbox_entries": set(),
    "partition_lag_events": {"topic", "partition"},
    "lanes_owned": set(),
    "lanes_waiting_for_budget": set(),
    "rule_set_info": {"organization", "version", "hash"},
    "rule_set_applied_timestamp_seconds": {"organization"},
    "rule_set_rejections_total": {"organization"},
    "timers_due": set(),
    "timer_delay_seconds_count": set(),
    "projection_drift_total": {"organization"},
    "replayed_plans_total": set(),
    "build_info": {"version", "python"},
}


class Taken(Struct):
    timestamp: int


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics({"loyalty.topups": ("BALANCE_TOPPED_UP", "TOPUP_REFUNDED")}, "0.1.0")
    made.rule_set_applied("izi", "v1", "abc", ["daytime", "everyday.entry"], at=1_000.0)
    return made


def credit(rule: str, amount: str) -> AddBonus:
    cause = CausedBy("e-1", "BALANCE_TOPPED_UP", "loyalty.topups", 0, 1)
    return AddBonus(
        command_id="id",
        type="ADD_BONUS",
        organization_id="izi",
        club_id="club-1",
        client_id="c-1",
        rule_id=rule,
        rule_set_version="v1",
        tags=(),
        executor="SYSTEM",
        caused_by=cause,
        issued_at="2026-03-02T07:00:00+00:00",
        amount_major=amount,
        currency="RUB",
        batch_id="id",
        expires_at=None,
        restriction=Restriction(),
    )


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"loyalty_{name}", labels)


def test_every_metric_of_the_contract_is_exported_with_exactly_its_labels(metrics: Metrics) -> None:
    metrics.batch_committed(full_report(), 5)
    metrics.lag("loyalty.topups", 0, 3)
    exported: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        for sample in family.samples:
            exported.setdefault(sample.name.removeprefix("loyalty_"), set(sample.labels))
    own = {
        name: labels
        for name, labels in exported.items()
        if not name.startswith("process_") and not name.endswith(("_bucket", "_sum"))
    }
    assert own == CONTRACT


def test_a_batch_is_counted_by_its_labels(metrics: Metrics) -> None:
    metrics.batch_committed(full_report(), 5)
    assert (
        value(
            metrics,
            "events_total",
            topic="loyalty.topups",
            type="BALANCE_TOPPED_UP",
            organization="izi",
        )
        == 3
    )
    assert value(metrics, "duplicates_total", organization="izi") == 1
    assert value(metrics, "dead_letters_total", topic="loyalty.topups", code="NOT_JSON") == 1
    assert value(metrics, "dead_letters_total", topic="loyalty.topups", code="EVENT_ID_REUSED") == 1
    assert value(metrics, "commands_total", type="ADD_BONUS", organization="izi") == 2
    assert value(metrics, "rule_firings_total", organization="izi", rule="daytime") == 1
    credited = {"organization": "izi", "currency": "RUB"}
    assert value(metrics, "bonus_credited_major_total", rule="daytime", **credited) == 60.5
    assert value(metrics, "bonus_credited_major_total", rule="everyday.entry", **credited) == 10
    assert value(metrics, "rule_rejections_total", organization="izi", reason="COOLDOWN") == 1
    assert (
        value(
            metrics,
            "formula_failures_total",
            organization="izi",
            rule="daytime",
            cause="MISSING_VALUE",
        )
        == 1
    )
    assert value(metrics, "batch_events_sum") == 5


def full_report() -> BatchReport:
    """Three readable events (one a repeat), one id used again, one record that is no JSON."""
    report, client = BatchReport(), ClientState()
    fired = Outcome(
        client,
        commands=(credit("daytime", "60.50"), credit("everyday.entry", "10.00")),
        fired=("daytime", "everyday.entry"),
    )
    refused = Outcome(
        client,
        rejections=(
            Rejection("everyday.entry", Reason.COOLDOWN),
            Rejection("daytime", Reason.FORMULA_FAILED, "MISSING_VALUE"),
        ),
    )
    for outcome in (fired, refused, Outcome(client, duplicate=True)):
        report.event("loyalty.topups", "BALANCE_TOPPED_UP", "izi", outcome)
    reused = Outcome(client, rejected=Rejected("EVENT_ID_REUSED", "mend it"))
    report.event("loyalty.topups", "BALANCE_TOPPED_UP", "izi", reused)
    report.dead_letter("loyalty.topups", "NOT_JSON")
    return report


@pytest.mark.parametrize(
    ("edge", "expected"), [("0.25", 0), ("0.5", 2), ("1.0", 3), ("2.5", 4), ("+Inf", 4)]
)
def test_latency_has_an_edge_at_the_objective(metrics: Metrics, edge: str, expected: int) -> None:
    """Taken 0.5 s (twice), 1.0 s and 2.0 s before they were published."""
    taken = [Taken(9_500), Taken(9_500), Taken(9_000), Taken(8_000)]
    metrics.batch_published(taken, now=10.0)
    assert value(metrics, "event_to_command_seconds_bucket", le=edge) == expected
    assert value(metrics, "event_to_command_seconds_sum") == 4.0


def test_a_producer_with_a_fast_clock_gives_no_negative_latency(metrics: Metrics) -> None:
    metrics.batch_published([Taken(12_000)], now=10.0)
    assert value(metrics, "event_to_command_seconds_sum") == 0


def test_series_start_at_zero(metrics: Metrics) -> None:
    assert value(metrics, "stage_seconds_count", stage="commit") == 0
    assert value(metrics, "dead_letters_total", topic="loyalty.topups", code="TOO_LARGE") == 0
    assert value(metrics, "rule_firings_total", organization="izi", rule="daytime") == 0
    assert value(metrics, "commands_total", type="SEND_PUSH", organization="izi") == 0
    assert value(metrics, "rule_set_rejections_total", organization="izi") == 0


def test_a_new_rule_set_replaces_the_old_ones_series(metrics: Metrics) -> None:
    metrics.batch_committed(full_report(), 5)
    metrics.rule_set_applied("izi", "v2", "def", ["everyday.entry"], at=2_000.0)
    assert value(metrics, "rule_set_info", organization="izi", version="v1", hash="abc") is None
    assert value(metrics, "rule_set_info", organization="izi", version="v2", hash="def") == 1
    assert value(metrics, "rule_set_applied_timestamp_seconds", organization="izi") == 2_000
    assert value(metrics, "rule_firings_total", organization="izi", rule="daytime") is None
    assert value(metrics, "rule_firings_total", organization="izi", rule="everyday.entry") == 1


def test_a_set_of_whom_nothing_goes_costs_no_look_at_everybodys_series(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []

    def look(metric: object) -> list[tuple[str, ...]]:
        looks.append(metric)
        return []

    monkeypatch.setattr("worker.telemetry.metrics._labels", look)
    metrics.rule_set_applied("another", "v1", "abc", ["a", "b"], at=1.0)
    metrics.rule_set_applied("another", "v2", "def", ["a", "b", "c"], at=2.0)
    assert not looks
    metrics.rule_set_applied("another", "v3", "fff", ["a"], at=3.0)
    assert looks


def test_rules_beyond_the_cap_share_one_series(metrics: Metrics) -> None:
    rules = [f"rule-{n}" for n in range(MAX_RULES + 1)]
    metrics.rule_set_applied("izi", "v3", "fff", rules, at=1.0)
    firings = defaultdict(int, {("izi", rules[-2]): 1, ("izi", rules[-1]): 2})
    report = BatchReport(firings=firings)
    metrics.batch_committed(report, 3)
    assert value(metrics, "rule_firings_total", organization="izi", rule=rules[-2]) == 1
    assert value(metrics, "rule_firings_total", organization="izi", rule=rules[-1]) is None
    assert value(metrics, "rule_firings_total", organization="izi", rule=OTHER) == 2


def test_unknown_organizations_are_capped_but_never_those_with_a_rule_set(
    metrics: Metrics,
) -> None:
    strangers = {f"org-{n}": 1 for n in range(MAX_ORGANIZATIONS)}
    metrics.batch_committed(BatchReport(duplicates=defaultdict(int, strangers)), 1)
    assert value(metrics, "duplicates_total", organization="org-0") == 1
    assert value(metrics, "duplicates_total", organization=OTHER) == 1
    metrics.rule_set_applied("late", "v1", "abc", ["a"], at=1.0)
    assert value(metrics, "rule_set_info", organization="late", version="v1", hash="abc") == 1


def test_lag_of_a_released_partition_is_no_longer_reported(metrics: Metrics) -> None:
    metrics.lag("loyalty.topups", 4, 7)
    assert value(metrics, "partition_lag_events", topic="loyalty.topups", partition="4") == 7
    metrics.partition_released("loyalty.topups", 4)
    metrics.partition_released("loyalty.topups", 5)
    assert value(metrics, "partition_lag_events", topic="loyalty.topups", partition="4") is None


def test_waiting_outputs_go_up_and_down(metrics: Metrics) -> None:
    metrics.outputs_waiting(12)
    metrics.outputs_waiting(-12)
    metrics.outputs_waiting(3)
    assert value(metrics, "outbox_entries") == 3


def test_credits_are_summed_exactly_within_a_batch() -> None:
    report = BatchReport()
    for _ in range(10):
        report.event(
            "t", "BALANCE_TOPPED_UP", "izi", Outcome(ClientState(), (credit("a", "0.10"),))
        )
    assert report.credited == {("izi", "RUB", "a"): Decimal("1.00")}
