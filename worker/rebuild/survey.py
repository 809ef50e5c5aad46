"""Could these lanes be rebuilt, and from what? Looked at before anything is emptied.

A rebuild needs the lane log from its first record on and every input record that a plan took. What
is gone there is gone for good once Redis is emptied, so any gap is a refusal.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from config.settings import Settings
from schemas.topics import INPUTS, Channel
from worker.errors import LoudStop, Misconfigured
from worker.evaluation.evaluator import EVALUATION_VERSION, RuleBook
from worker.kafka.lane_log import KafkaLaneLog
from worker.kafka.replaying import Extent, extents
from worker.kafka.security import client_options
from worker.kafka.topic_checks import check_topics
from worker.lane.plan import EMPTY, Chained, Folding, decode_head, decode_record
from worker.lane.ports import LaneLog
from worker.rebuild.rules import LoggedRules
from worker.tables.factory import TablesFactory

PART = 10_000
"""Records of the log that are read at once."""
KEEP = "Leave Redis as it is, or restore its newest backup: see docs/runbooks/bad-log.md."


class Survey(Struct, frozen=True):
    """`plans` valid plans of the log take `records` of the inputs; `state` is the sequence at which
    the lane's state stands now. `obstacle`: why it cannot be rebuilt, "" where it can."""

    lane: int
    plans: int
    records: int
    state: int
    obstacle: str = ""


async def require_topics(settings: Settings) -> None:
    """Raises Misconfigured where topics are missing or not what they must be, as at a worker's
    start: a missing one would be waited for. Raises Unavailable."""
    errors = [each for each in await check_topics(settings) if each.severity == "ERROR"]
    if errors:
        raise Misconfigured("\n".join(map(str, errors)), "Nothing was emptied.")


async def survey(
    settings: Settings, tables: TablesFactory, lanes: Sequence[int]
) -> Sequence[Survey]:
    """Of topics that are there (`require_topics`). Raises Unavailable."""
    rules = LoggedRules.of(settings)
    try:
        return await _survey(settings, tables, rules.lane(), lanes)
    finally:
        await rules.close()


async def _survey(
    settings: Settings, tables: TablesFactory, rules: RuleBook, lanes: Sequence[int]
) -> Sequence[Survey]:
    client = client_options(settings)
    topics = [settings.topic(channel) for channel in (*INPUTS, Channel.LANE_LOG)]
    found = await extents(client, topics, lanes)
    lane_log = KafkaLaneLog(client, settings.topic(Channel.LANE_LOG))
    surveyed = []
    for lane in lanes:
        raw_head, _ = await tables.lane(lane).peek()
        inputs = {topic: found[topic, lane] for topic in topics[:-1]}
        log = found[topics[-1], lane]
        found_log = lane_log.lane(lane)
        surveyed.append(await survey_lane(lane, found_log, log, inputs, rules, _seq(raw_head)))
    return surveyed


def _seq(raw_head: bytes) -> int:
    """0 also where nobody can read the head: a rebuild is the remedy for that, too."""
    try:
        return decode_head(raw_head).seq
    except LoudStop:
        return 0


async def survey_lane(
    lane: int,
    log: LaneLog,
    extent: Extent,
    inputs: Mapping[str, Extent],
    rules: RuleBook,
    state: int,
) -> Survey:
    """`extent`: of the lane's log; `inputs`: of its input topics; `rules`: of all that ever
    decided."""
    needs = Needs()
    begin, end = extent
    if begin > 0:
        message = f"Its log begins at offset {begin}: what was decided before is gone. {KEEP}"
        return Survey(lane, 0, 0, state, message)
    folding = Folding(EMPTY)
    for first in range(0, end, PART):
        for offset, raw in await log.read(first, min(first + PART, end) - 1):
            link = folding.take(offset, decode_record(raw), b"")
            if link is not None:
                needs.add(link)
    if state and not needs.plans:
        message = f"Its log holds no plan, its state stands at plan {state}. {KEEP}"
        return Survey(lane, 0, 0, state, message)
    obstacle = needs.obstacle(inputs) or await _refused(rules, needs.rules)
    return Survey(lane, needs.plans, needs.records, state, obstacle)


async def _refused(rules: RuleBook, named: Collection[tuple[str, str]]) -> str:
    """Why plans cannot be repeated under one of the sets that they name (organization, hash)."""
    for organization, name in sorted(named):
        await rules.learn({organization: name})
        try:
            rules.rules_of({organization: name})
        except LoudStop as stop:
            return f"{stop.message} {stop.remedy}"
    return ""


class Needs:
    """What the plans of a log take. `rules`: the sets that they name (organization, hash)."""

    def __init__(self) -> None:
        self.plans = self.records = 0
        self.rules: set[tuple[str, str]] = set()
        self._spans: dict[str, Extent] = {}
        self._versions: set[int] = set()

    def add(self, link: Chained) -> None:
        self.plans += 1
        self._versions.add(link.terms.evaluation)
        self.rules.update((org, name) for org, name in link.plan.rules.items() if name is not None)
        for part in link.plan.ranges:
            self.records += part.last - part.first + 1
            first, _ = self._spans.get(part.topic, (part.first, 0))
            self._spans[part.topic] = (first, part.last + 1)

    def obstacle(self, inputs: Mapping[str, Extent]) -> str:
        """The first that is in the way, "" for none."""
        for topic, (first, end) in self._spans.items():
            if topic not in inputs:
                return f"Its plans take records of {topic}, which is not an input topic now."
            begins, ends = inputs[topic]
            if begins > first:
                return (
                    f"{topic} begins at offset {begins}, and its plans take it from {first}: "
                    f"the records before are gone. {KEEP}"
                )
            if ends < end:
                return f"{topic} ends at offset {ends}, and its plans take it to {end - 1}. {KEEP}"
        other = sorted(self._versions - {EVALUATION_VERSION})
        if other:
            return (
                f"Plans were made by evaluation version {other[0]}, which this release cannot "
                "repeat: run the release that made them."
            )
        return ""


def refuse(surveyed: Sequence[Survey]) -> None:
    """Raises Misconfigured with every obstacle: nothing was touched."""
    lines = [f"Lane {each.lane}: {each.obstacle}" for each in surveyed if each.obstacle]
    if lines:
        raise Misconfigured("\n".join(lines), "Nothing was emptied.")
