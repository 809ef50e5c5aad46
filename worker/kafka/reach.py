"""Do log and inputs still reach back to where each lane stands?

A lane stops loudly where they do not. Here it is seen beforehand: retention that has passed a
lane's position, or the plan that its state stands on, while no worker was there to notice.
"""

from collections.abc import Mapping, Sequence

from config.settings import Settings
from schemas.topics import INPUTS, Channel
from worker.errors import LoudStop
from worker.findings import Finding
from worker.kafka.admin import describe
from worker.kafka.replaying import Extent, extents
from worker.kafka.security import client_options
from worker.lane.plan import Head, decode_head
from worker.tables.factory import TablesFactory

RUNBOOK = "docs/runbooks/bad-log.md says what can still be done."


async def check_reach(settings: Settings, tables: TablesFactory) -> Sequence[Finding]:
    """Nothing where the topics do not exist or differ in partitions: `check_topics` tells that.
    Raises Unavailable."""
    topics = [settings.topic(channel) for channel in (*INPUTS, Channel.LANE_LOG)]
    counts = {topic.partitions for topic in (await describe(settings, topics)).values()}
    if len(counts) != 1:
        return []
    lanes = range(counts.pop())
    found = await extents(client_options(settings), topics, lanes)
    findings: list[Finding] = []
    for lane in lanes:
        raw_head, _ = await tables.lane(lane).peek()
        try:
            head = decode_head(raw_head)
        except LoudStop as stop:
            findings.append(Finding("redis", f"lane {lane}", stop.message, stop.remedy))
            continue
        held = {topic: found[topic, lane] for topic in topics}
        findings += judge_lane(lane, head, topics[-1], held)
    return findings


def judge_lane(lane: int, head: Head, log: str, held: Mapping[str, Extent]) -> list[Finding]:
    """`held`: what is there of each topic, the lane log among them."""
    begins, ends = held[log]
    needed = max(head.plan_offset, 0)
    findings = []
    if begins > needed:
        what = f"stands on plan {head.seq} at offset {needed}" if head.seq else "has no state"
        message = f"Lane {lane} {what}, and the log begins at {begins}: its retention passed it."
        remedy = f"Restore a backup of Redis that is newer than that offset. {RUNBOOK}"
        findings.append(Finding("kafka", log, message, remedy))
    elif head.seq and ends <= needed:
        message = f"Lane {lane} stands on the plan at offset {needed}, and the log ends at {ends}."
        remedy = f"The log was recreated, or is another one: see LOYALTY_TOPIC_LANE_LOG. {RUNBOOK}"
        findings.append(Finding("kafka", log, message, remedy))
    for topic, position in head.positions.items():
        if topic in held and not held[topic][0] <= position <= held[topic][1]:
            first, end = held[topic]
            message = f"Lane {lane} goes on at offset {position}, it holds {first} to {end - 1}."
            remedy = f"Its retention passed the lane, or it was recreated. {RUNBOOK}"
            findings.append(Finding("kafka", topic, message, remedy))
    return findings
