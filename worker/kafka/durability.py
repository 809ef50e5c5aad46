"""What the topics' settings can lose (docs/durability.md). One finding for all topics of a kind.

The order of the lane log decides, inputs are replayed, commands are money: all of them rest on
Kafka keeping what it acknowledged.
"""

from collections.abc import Iterable, Mapping, Sequence

from config.settings import Settings
from schemas.topics import INPUTS, OUTPUTS, Channel
from worker.findings import Finding
from worker.kafka.admin import TopicState, describe

KEPT = (*INPUTS, *OUTPUTS, Channel.LANE_LOG, Channel.RULES_HISTORY)
"""Where an acknowledged record must never vanish."""
MOST_NAMED = 3
SHORTEST_LOG_MS = 3 * 24 * 3_600_000
"""A day between the plans of a lane at rest, and a weekend."""


async def check_durability(settings: Settings) -> Sequence[Finding]:
    """An ERROR keeps the worker from starting. Raises Unavailable where Kafka cannot be reached."""
    names = {channel: settings.topic(channel) for channel in KEPT}
    states = await describe(settings, sorted(set(names.values())))
    return judge_topics({c: states[name] for c, name in names.items() if name in states})


def judge_topics(topics: Mapping[Channel, TopicState]) -> list[Finding]:
    """Topics by what they are for; those that do not exist are told by `check_topics`."""
    return [
        *_unclean(topics),
        *_short_log(topics),
        *_together(
            "replication",
            (t for t in topics.values() if t.replicas == 1),
            "have a single copy: with its disk, plans, events and commands that were acknowledged "
            "are gone",
            "Give them 3 replicas (kafka-reassign-partitions; `loyalty topics create` does).",
        ),
        *_together(
            "min.insync.replicas",
            (t for t in topics.values() if t.replicas > 1 and t.min_in_sync < 2),
            "acknowledge a record that one broker has: with its disk it is gone, though others "
            "have copies of the rest",
            "Set min.insync.replicas=2.",
        ),
        *_together(
            "min.insync.replicas",
            (t for t in topics.values() if 1 < t.replicas <= t.min_in_sync),
            "take nothing while any one broker is down: min.insync.replicas is as large as the "
            "number of copies",
            "Set min.insync.replicas=2 with 3 replicas.",
        ),
        *_together(
            "in sync",
            (t for t in topics.values() if t.in_sync < t.replicas),
            "have copies that are behind: another loss now may stop them",
            "Look for a broker that is down or slow.",
        ),
    ]


def _unclean(topics: Mapping[Channel, TopicState]) -> list[Finding]:
    """A leader that was behind would cut the log under plans that were carried out."""
    findings = []
    remedy = "Set unclean.leader.election.enable=false."
    log = topics.get(Channel.LANE_LOG)
    if log is not None and log.unclean_election:
        message = (
            "A broker that was behind may become its leader: plans that were acknowledged would "
            "vanish, and others be made in their place. It can pay twice."
        )
        findings.append(Finding("kafka", log.name, message, remedy))
    others = (t for t in topics.values() if t.unclean_election and t is not log)
    message = "may lose acknowledged records to a leader that was behind"
    return findings + _together("unclean.leader.election.enable", others, message, remedy)


def _short_log(topics: Mapping[Channel, TopicState]) -> list[Finding]:
    """However short backups are kept: a lane at rest writes a plan a day."""
    log = topics.get(Channel.LANE_LOG)
    if log is None or log.retention_ms < 0 or log.retention_ms >= SHORTEST_LOG_MS:
        return []
    message = (
        f"It keeps plans for {log.retention_ms / 3_600_000:g} hours: the latest of a lane at rest "
        "may be a day old, and is gone where no worker ran for the rest of that time. The lane "
        "then stops loudly."
    )
    remedy = (
        "Set retention.ms=-1, or to the age of the oldest backup of Redis that you would restore "
        "(docs/durability.md)."
    )
    return [Finding("kafka", log.name, message, remedy, "WARNING")]


def _together(
    subject: str, found: Iterable[TopicState], message: str, remedy: str
) -> list[Finding]:
    names = sorted(topic.name for topic in found)
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    named = ", ".join(names[:MOST_NAMED]) + more
    return [Finding("kafka", subject, f"{named} {message}.", remedy, "WARNING")]
