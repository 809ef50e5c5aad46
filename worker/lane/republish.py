"""Outputs of logged plans, published again where nothing says that they were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.records import Output
from schemas.topics import Channel
from worker.errors import LoudStop
from worker.lane.plan import Plan
from worker.lane.points import Point

if TYPE_CHECKING:
    from worker.lane.lane import Lane


async def publish(lane: "Lane", outputs: Sequence[Output]) -> None:
    lane.ports.points.reached(Point.PUBLISHING)
    await lane.ports.publisher.publish(outputs)
    lane.ports.observer.published(lane.number, len(outputs))


def publishable(lane: "Lane", plan: Plan | None, outputs: Sequence[Output]) -> Sequence[Output]:
    """Readers forget ids after the horizon: an older plan is never published again by itself.
    Lanes forget nothing of what they heard of each other, and a message left out would be a gap."""
    messages = [output for output in outputs if output.channel == Channel.BUDGETS]
    age = lane.ports.clock.now_us() - plan.made_at if plan else 0
    if (
        plan is None
        or len(messages) == len(outputs)
        or age <= lane.settings.repeat_horizon_us
        or lane.settings.stale_outputs == "publish"
    ):
        return outputs
    if lane.settings.stale_outputs == "skip":
        return messages
    raise LoudStop(
        f"Outputs of plan {plan.seq} of lane {lane.number} are older than "
        "LOYALTY_REPEAT_HORIZON_DAYS, and nothing says that they were published.",
        "Find out whether the readers have them; then start once with "
        "`loyalty worker --stale-outputs publish` or `--stale-outputs skip`.",
    )
