"""Creating and checking the topics of a worker, against a real broker."""

import pytest

from config.settings import Settings
from schemas.topics import Channel
from tests.parts.kafka import KafkaServer, unique
from tests.parts.topics import create_topic
from worker.errors import Misconfigured, Unavailable
from worker.kafka.admin import describe
from worker.kafka.topic_checks import check_topics
from worker.kafka.topics import create_topics, partition_count, require_topics

pytestmark = pytest.mark.kafka

DAY_MS = 86_400_000


@pytest.fixture
def settings(kafka: KafkaServer) -> Settings:
    """Topics of its own for every test."""
    names = {f"topic_{channel.lower()}": unique(channel.lower()) for channel in Channel}
    return Settings.model_validate(
        {
            **names,
            "kafka_bootstrap_servers": kafka.bootstrap,
            "rules_source": "kafka:",
        }
    )


async def without(settings: Settings, kafka: KafkaServer, *left_out: Channel) -> None:
    """All topics but these, 4 lanes."""
    spare = {f"topic_{channel.lower()}": unique("spare") for channel in left_out}
    await create_topics(settings.model_copy(update=spare), 4, replication=1)


async def test_created_topics_have_no_findings(settings: Settings) -> None:
    created = await create_topics(settings, 4, replication=1)
    assert sorted(created) == sorted(settings.topic(channel) for channel in Channel)
    assert list(await check_topics(settings)) == []
    assert await partition_count(settings, settings.topic_topups) == 4


async def test_what_exists_stays_as_it_is(settings: Settings, kafka: KafkaServer) -> None:
    await create_topic(kafka.bootstrap, settings.topic_bonus_commands, 7)
    created = await create_topics(settings, 4, replication=1)
    assert settings.topic_bonus_commands not in created
    assert await partition_count(settings, settings.topic_bonus_commands) == 7
    assert list(await check_topics(settings)) == []
    assert list(await create_topics(settings, 4, replication=1)) == []


async def test_what_is_missing_is_named_and_what_is_there_described(
    settings: Settings, kafka: KafkaServer
) -> None:
    await without(settings, kafka, Channel.RULES, Channel.RULES_STATUS)
    found = await require_topics(settings, [Channel.RULES_HISTORY])
    assert found[settings.topic_rules_history].record_limit == 1_048_588
    rules, statuses = settings.topic_rules, settings.topic_rules_status
    asked = [Channel.RULES, Channel.RULES_HISTORY, Channel.RULES_STATUS]
    with pytest.raises(Misconfigured, match=f"^{rules}, {statuses} do not exist") as missing:
        await require_topics(settings, asked)
    assert "loyalty topics create" in missing.value.remedy


async def test_created_topics_keep_what_a_replay_needs(settings: Settings) -> None:
    await create_topics(settings, 2, replication=1)
    log, inputs = settings.topic_lane_log, (settings.topic_topups, settings.topic_budgets)
    states = await describe(settings, [log, *inputs, settings.topic_rules])
    for name in (log, *inputs):
        assert (states[name].policy, states[name].retention_ms) == ("delete", -1)
    assert states[inputs[0]].config["message.timestamp.type"] == "LogAppendTime"
    assert states[settings.topic_rules].policy == "compact"


async def test_a_missing_topic_is_named_with_its_remedy(
    settings: Settings, kafka: KafkaServer
) -> None:
    await without(settings, kafka, Channel.LANE_LOG)
    [finding] = await check_topics(settings)
    assert (finding.part, finding.severity) == ("kafka", "ERROR")
    assert finding.subject == settings.topic_lane_log
    assert "loyalty topics create" in finding.remedy
    with pytest.raises(Misconfigured, match="does not exist"):
        await partition_count(settings, settings.topic_lane_log)


async def test_the_topic_of_rules_is_not_needed_with_a_directory(
    settings: Settings, kafka: KafkaServer
) -> None:
    await without(settings, kafka, Channel.RULES)
    directory = settings.model_copy(update={"rules_source": "directory:/rules"})
    assert list(await check_topics(directory)) == []
    assert len(await check_topics(settings)) == 1


@pytest.mark.parametrize("channel", [Channel.VISITS, Channel.LANE_LOG, Channel.BUDGETS])
@pytest.mark.parametrize("partitions", [3, 5])
async def test_inputs_and_lane_log_must_have_equal_counts(
    settings: Settings, kafka: KafkaServer, channel: Channel, partitions: int
) -> None:
    await without(settings, kafka, channel)
    config = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
    await create_topic(kafka.bootstrap, settings.topic(channel), partitions, config)
    [finding] = await check_topics(settings)
    assert finding.severity == "ERROR"
    assert f"It has {partitions} partitions, {settings.topic_topups} has 4" in finding.message


@pytest.mark.parametrize(("partitions", "findings"), [(3, 1), (4, 0), (5, 0)])
async def test_outputs_must_have_at_least_the_inputs_count(
    settings: Settings, kafka: KafkaServer, partitions: int, findings: int
) -> None:
    await without(settings, kafka, Channel.PUSH_COMMANDS)
    await create_topic(kafka.bootstrap, settings.topic_push_commands, partitions)
    assert len(await check_topics(settings)) == findings


async def test_a_compacted_lane_log_is_refused(settings: Settings, kafka: KafkaServer) -> None:
    await without(settings, kafka, Channel.LANE_LOG)
    config = {"cleanup.policy": "compact,delete", "retention.ms": "-1"}
    await create_topic(kafka.bootstrap, settings.topic_lane_log, 4, config)
    [finding] = await check_topics(settings)
    assert finding.severity == "ERROR"
    assert "compacted" in finding.message


@pytest.mark.parametrize(
    ("log_days", "input_days", "findings"),
    [(-1, -1, 0), (-1, 30, 1), (30, 30, 0), (30, 29, 1), (30, -1, 0)],
)
async def test_inputs_must_be_kept_as_long_as_the_lane_log(
    settings: Settings, kafka: KafkaServer, log_days: int, input_days: int, findings: int
) -> None:
    await without(settings, kafka, Channel.LANE_LOG, Channel.TOPUPS)

    def days(n: int) -> str:
        return str(n * DAY_MS if n > 0 else -1)

    stamped = {"message.timestamp.type": "LogAppendTime"}
    await create_topic(
        kafka.bootstrap, settings.topic_lane_log, 4, {"retention.ms": days(log_days)}
    )
    await create_topic(
        kafka.bootstrap, settings.topic_topups, 4, {"retention.ms": days(input_days), **stamped}
    )
    found = await check_topics(settings)
    assert [(f.subject, f.severity) for f in found] == [
        (settings.topic_topups, "WARNING")
    ] * findings


async def test_a_history_of_rules_that_ends_is_warned_of_however_short_the_log_is_kept(
    settings: Settings, kafka: KafkaServer
) -> None:
    await without(settings, kafka, Channel.LANE_LOG, Channel.RULES_HISTORY)
    kept = {"retention.ms": str(30 * DAY_MS)}
    await create_topic(kafka.bootstrap, settings.topic_lane_log, 4, kept)
    await create_topic(kafka.bootstrap, settings.topic_rules_history, 1, kept)
    [finding] = await check_topics(settings)
    assert (finding.subject, finding.severity) == (settings.topic_rules_history, "WARNING")
    assert finding.message.startswith("It keeps records for 30 days: a set that decides for longer")


async def test_producers_timestamps_are_warned_of(settings: Settings, kafka: KafkaServer) -> None:
    await without(settings, kafka, Channel.VISITS)
    await create_topic(kafka.bootstrap, settings.topic_visits, 4, {"retention.ms": "-1"})
    [finding] = await check_topics(settings)
    assert (finding.severity, finding.subject) == ("WARNING", settings.topic_visits)
    assert "LogAppendTime" in finding.remedy


async def test_a_topic_that_takes_only_small_records_is_refused(
    settings: Settings, kafka: KafkaServer
) -> None:
    await without(settings, kafka, Channel.DEAD_LETTERS)
    limit = {"max.message.bytes": "100000"}
    await create_topic(kafka.bootstrap, settings.topic_dead_letters, 4, limit)
    [finding] = await check_topics(settings)
    assert finding.severity == "ERROR"
    assert "100000 bytes" in finding.message


async def test_kafka_s_own_reason_is_given_where_it_refuses(settings: Settings) -> None:
    with pytest.raises(Misconfigured, match="replication factor of 3 cannot be reached"):
        await create_topics(settings, 4, replication=3)


async def test_an_absent_kafka_is_named(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 by PLAINTEXT"):
        await check_topics(nowhere)


async def test_asking_makes_no_topic() -> None:
    """Kafka makes whatever a client asks for unless it is told not to: with one partition, which is
    a count for ever."""
    with KafkaServer({"auto.create.topics.enable": "true"}, heap_mb=256) as willing:
        settings = Settings.model_validate({"kafka_bootstrap_servers": willing.bootstrap})
        for _ in range(2):
            with pytest.raises(Misconfigured, match="does not exist"):
                await require_topics(settings, [Channel.RULES_HISTORY])
        created = await create_topics(settings, 4, replication=1)
        assert settings.topic_rules_history in created
        assert await partition_count(settings, settings.topic_topups) == 4
