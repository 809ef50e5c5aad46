"""Whether the topics that are there are what a worker needs (`topics.py` says what that is)."""

from collections.abc import Mapping, Sequence

from config.settings import Settings
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.findings import Finding
from worker.kafka.admin import TopicState, describe
from worker.kafka.topics import COMPACTED, CREATE

SMALLEST_RECORD_LIMIT = 1_048_588
"""Kafka's default of max.message.bytes: what a lane counts on for its outputs and plans."""

Present = Mapping[Channel, TopicState]


async def other_counts(settings: Settings, partitions: int) -> Sequence[Finding]:
    """Topics that exist and do not fit that count: what is made beside them could not be used, and
    a count is fixed for ever. Raises Unavailable."""
    names = {settings.topic(c): c for c in (*INPUTS, Channel.LANE_LOG, *OUTPUTS)}
    there = await describe(settings, list(names))
    return [
        _error(
            topic,
            f"It exists with {topic.partitions} partitions, {partitions} are asked for.",
            "Ask for the count that the inputs have, or name other topics (TOPIC_ settings).",
        )
        for name, channel in names.items()
        if (topic := there.get(name)) is not None
        and (
            topic.partitions < partitions if channel in OUTPUTS else topic.partitions != partitions
        )
    ]


async def check_topics(settings: Settings) -> Sequence[Finding]:
    """Every topic against what it must be. An ERROR keeps the worker from starting. Raises
    Unavailable where Kafka cannot be reached."""
    names = {channel: settings.topic(channel) for channel in Channel}
    states = await describe(settings, sorted(set(names.values())))
    topics = {channel: states.get(name) for channel, name in names.items()}
    present = {channel: topic for channel, topic in topics.items() if topic is not None}
    return [
        *_missing(settings, topics, names),
        *_partitions(present),
        *_log_is_whole(present),
        *_compaction(present),
        *_retention(present),
        *_timestamps(present),
        *_record_limits(present),
    ]


def _error(topic: TopicState, message: str, remedy: str) -> Finding:
    return Finding("kafka", topic.name, message, remedy)


def _warning(topic: TopicState, message: str, remedy: str) -> Finding:
    return Finding("kafka", topic.name, message, remedy, "WARNING")


def _missing(
    settings: Settings, topics: Mapping[Channel, TopicState | None], names: Mapping[Channel, str]
) -> list[Finding]:
    unused = {Channel.RULES} if settings.rules_directory is not None else set()
    return [
        Finding("kafka", names[channel], "It does not exist.", CREATE)
        for channel, topic in topics.items()
        if topic is None and channel not in unused
    ]


def _partitions(present: Present) -> list[Finding]:
    """The first input sets the measure."""
    measure = present.get(Channel.TOPUPS)
    if measure is None:
        return []
    count, findings = measure.partitions, []
    for channel, topic in present.items():
        said = f"It has {topic.partitions} partitions, {measure.name} has {count}"
        if channel in (*INPUTS, Channel.LANE_LOG) and topic.partitions != count:
            remedy = "A lane is one partition number of all inputs: give it the same count."
            findings.append(_error(topic, f"{said}.", remedy))
        if channel in OUTPUTS and topic.partitions < count:
            remedy = f"A lane publishes to its own partition number: give it at least {count}."
            findings.append(_error(topic, f"{said}.", remedy))
    return findings


def _log_is_whole(present: Present) -> list[Finding]:
    """Compaction takes plans out of the middle; the state then no longer belongs to the log."""
    return [
        _error(
            topic, "It is compacted: records would vanish from it.", "Set cleanup.policy=delete."
        )
        for channel in (Channel.LANE_LOG, Channel.RULES_HISTORY, *INPUTS)
        if (topic := present.get(channel)) is not None and "compact" in topic.policy
    ]


def _compaction(present: Present) -> list[Finding]:
    return [
        _warning(
            topic,
            "It is not compacted: records that still hold would be deleted by age.",
            "Set cleanup.policy=compact.",
        )
        for channel in COMPACTED
        if (topic := present.get(channel)) is not None and topic.policy != "compact"
    ]


def _retention(present: Present) -> list[Finding]:
    """Inputs at least as long as the log; no bound by size, which no one can compare."""
    findings = []
    log = present.get(Channel.LANE_LOG)
    for channel in (*INPUTS, Channel.LANE_LOG, Channel.RULES_HISTORY):
        topic = present.get(channel)
        if topic is None:
            continue
        if topic.retention_bytes >= 0:
            message = f"It keeps at most {topic.retention_bytes} bytes of a partition."
            findings.append(_warning(topic, message, "Set retention.bytes=-1."))
        if channel == Channel.RULES_HISTORY and topic.retention_ms >= 0:
            findings.append(_history_ends(topic))
        elif log is not None and channel in INPUTS and _shorter(topic, log):
            findings.append(_too_short(topic, log))
    return findings


def _history_ends(topic: TopicState) -> Finding:
    """However short the lane log is kept: its plans name sets that may be years old."""
    return _warning(
        topic,
        f"It keeps records for {topic.retention_ms / 86_400_000:g} days: a set that decides for "
        "longer is gone from it, its plans cannot be replayed, and no last good set is known after "
        "a restart.",
        "Set retention.ms=-1.",
    )


def _shorter(topic: TopicState, log: TopicState) -> bool:
    return topic.retention_ms >= 0 and not 0 <= log.retention_ms <= topic.retention_ms


def _too_short(topic: TopicState, log: TopicState) -> Finding:
    days = f"{topic.retention_ms / 86_400_000:g} days"
    longer = "for ever" if log.retention_ms < 0 else f"{log.retention_ms / 86_400_000:g} days"
    return _warning(
        topic,
        f"It keeps records for {days}, {log.name} {longer}: a plan of the log could not be "
        "replayed.",
        f"Set retention.ms of {topic.name} to that of {log.name} at least, or shorten the lane "
        "log's: no Redis backup older than the log can be restored.",
    )


def _timestamps(present: Present) -> list[Finding]:
    return [
        _warning(
            topic,
            "Its timestamps are the producers': their clocks decide what is IN_FUTURE and in which "
            "order topics are taken.",
            "Set message.timestamp.type=LogAppendTime.",
        )
        for channel in INPUTS
        if (topic := present.get(channel)) is not None
        and topic.config.get("message.timestamp.type", "LogAppendTime") != "LogAppendTime"
    ]


def _record_limits(present: Present) -> list[Finding]:
    return [
        _error(
            topic,
            f"It takes records of at most {topic.record_limit} bytes.",
            f"Set max.message.bytes={SMALLEST_RECORD_LIMIT} or more.",
        )
        for channel in (*OUTPUTS, Channel.LANE_LOG, Channel.BUDGETS, Channel.RULES_HISTORY)
        if (topic := present.get(channel)) is not None
        and topic.record_limit < SMALLEST_RECORD_LIMIT
    ]
