"""What each setting can lose, and that the finding names setting, loss and remedy."""

import pytest

from schemas.topics import Channel
from worker.kafka.admin import TopicState
from worker.kafka.durability import judge_topics
from worker.kafka.reach import judge_lane
from worker.lane.plan import EMPTY, NO_TERMS, Head
from worker.tables.durability import judge_server

SAFE = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
GOOD_INFO = {"aof_enabled": 1, "aof_last_write_status": "ok", "connected_slaves": 1}
GOOD_CONFIG = {"appendfsync": "everysec", "save": ""}


def topic(name: str, replicas: int = 3, in_sync: int | None = None, **config: str) -> TopicState:
    named = {key.replace("_", "."): value for key, value in config.items()}
    return TopicState(name, 4, SAFE | named, replicas, in_sync or replicas)


def topics(changed: TopicState, channel: Channel = Channel.TOPUPS) -> dict[Channel, TopicState]:
    good = {c: topic(c.value.lower()) for c in (Channel.LANE_LOG, Channel.TOPUPS, Channel.VISITS)}
    return good | {channel: changed}


def test_three_copies_of_which_two_are_waited_for_are_good() -> None:
    assert judge_topics(topics(topic("t"))) == []


@pytest.mark.parametrize(
    ("changed", "subject", "loss", "remedy"),
    [
        (topic("t", 1, min_insync_replicas="1"), "replication", "single copy", "3 replicas"),
        (topic("t", 3, min_insync_replicas="1"), "min.insync.replicas", "one broker", "=2"),
        (topic("t", 2), "min.insync.replicas", "take nothing while any", "with 3 replicas"),
        (topic("t", 3, 2), "in sync", "behind", "down or slow"),
        (
            topic("t", unclean_leader_election_enable="true"),
            "unclean.leader.election.enable",
            "lose acknowledged records",
            "=false",
        ),
    ],
    ids=["one copy", "one in sync", "all in sync", "behind", "unclean"],
)
def test_a_topic_that_can_lose_records_is_warned_of(
    changed: TopicState, subject: str, loss: str, remedy: str
) -> None:
    [finding] = judge_topics(topics(changed))
    assert (finding.severity, finding.subject) == ("WARNING", subject)
    assert finding.message.startswith("t ")
    assert loss in finding.message
    assert remedy in finding.remedy


def test_a_lane_log_that_can_be_cut_under_its_plans_is_refused() -> None:
    changed = topic("log", unclean_leader_election_enable="true")
    [finding] = judge_topics(topics(changed, Channel.LANE_LOG))
    assert (finding.severity, finding.subject) == ("ERROR", "log")
    assert "pay twice" in finding.message


@pytest.mark.parametrize(("days", "severities"), [(1, ["WARNING"]), (3, []), (30, [])])
def test_a_lane_log_that_a_lane_at_rest_outlasts_is_warned_of(
    days: int, severities: list[str]
) -> None:
    changed = topic("log", retention_ms=str(days * 24 * 3_600_000))
    found = judge_topics(topics(changed, Channel.LANE_LOG))
    assert [finding.severity for finding in found] == severities
    for finding in found:
        assert finding.message.startswith("It keeps plans for 24 hours")
        assert "retention.ms=-1" in finding.remedy


def test_many_topics_of_one_kind_are_one_finding() -> None:
    alone = {c: topic(f"t{n}", 1) for n, c in enumerate(Channel)}
    findings = [f for f in judge_topics(alone) if f.subject == "replication"]
    assert len(findings) == 1
    assert f"and {len(Channel) - 3} more" in findings[0].message


def test_a_redis_that_keeps_a_second_at_most_to_lose_is_good() -> None:
    assert judge_server("server", GOOD_INFO, GOOD_CONFIG) == []
    assert judge_server("server", GOOD_INFO, GOOD_CONFIG | {"appendfsync": "always"}) == []


@pytest.mark.parametrize(
    ("info", "config", "loss", "remedy"),
    [
        ({}, {"appendfsync": "no"}, "30 s of commits", "appendfsync everysec"),
        ({"aof_enabled": 0}, {}, "loses all states", "appendonly yes"),
        ({"connected_slaves": 0}, {}, "no replica", "loyalty rebuild"),
        (
            {"cluster_enabled": 1},
            {"cluster-require-full-coverage": "yes"},
            "lanes of all others",
            "require-full-coverage no",
        ),
    ],
    ids=["fsync", "nothing on disk", "replica", "coverage"],
)
def test_a_redis_that_can_lose_more_is_warned_of(
    info: dict[str, int], config: dict[str, str], loss: str, remedy: str
) -> None:
    [finding] = judge_server("server", GOOD_INFO | info, GOOD_CONFIG | config)
    assert (finding.severity, finding.part) == ("WARNING", "redis")
    assert loss in finding.message
    assert remedy in finding.remedy


def test_a_redis_that_cannot_write_its_file_is_an_error() -> None:
    info = GOOD_INFO | {"aof_last_write_status": "err"}
    [finding] = judge_server("server", info, GOOD_CONFIG)
    assert finding.severity == "ERROR"


def test_a_redis_that_does_not_tell_is_said_to_be_unknown() -> None:
    [finding] = judge_server("server", GOOD_INFO, None)
    assert "CONFIG GET" in finding.remedy


HEAD = Head(9, 40, b"", {"a": 100, "b": 0}, 4, 0, NO_TERMS)


def held(log: tuple[int, int], a: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return {"log": log, "a": a, "b": (0, 0)}


@pytest.mark.parametrize(
    ("log", "a"),
    [((0, 41), (0, 100)), ((40, 60), (100, 100)), ((3, 900), (7, 5000))],
)
def test_a_lane_whose_plan_and_positions_are_there_is_good(
    log: tuple[int, int], a: tuple[int, int]
) -> None:
    assert judge_lane(2, HEAD, "log", held(log, a)) == []


@pytest.mark.parametrize(
    ("log", "a", "said"),
    [
        ((41, 60), (0, 200), "the log begins at 41"),
        ((0, 40), (0, 200), "the log ends at 40"),
        ((0, 60), (101, 200), "goes on at offset 100, it holds 101 to 199"),
        ((0, 60), (0, 99), "goes on at offset 100, it holds 0 to 98"),
    ],
)
def test_a_lane_that_retention_has_passed_is_an_error(
    log: tuple[int, int], a: tuple[int, int], said: str
) -> None:
    [finding] = judge_lane(2, HEAD, "log", held(log, a))
    assert finding.severity == "ERROR"
    assert said in finding.message
    assert "docs/runbooks/bad-log.md" in finding.remedy


def test_a_lane_without_a_state_needs_the_log_from_its_beginning() -> None:
    assert judge_lane(0, EMPTY, "log", {"log": (0, 0)}) == []
    assert judge_lane(0, EMPTY, "log", {"log": (0, 50)}) == []
    [finding] = judge_lane(0, EMPTY, "log", {"log": (1, 50)})
    assert "has no state" in finding.message
