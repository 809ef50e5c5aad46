"""Are a lane's head, tables, index and outputs those of the fold of its log?"""

from rules_engine.client import ClientState
from tests.simulation.oracle import Broken, hold, valid_plans
from tests.simulation.timer_fold import Expected
from tests.simulation.timer_rules import rules_in_force
from tests.simulation.timer_world import INTERNAL, TimerWorld
from worker.evaluation.budget_share import BUDGETS_KEY
from worker.index.changes import Changes
from worker.index.entries import FORGOTTEN, payment_entry
from worker.lane.plan import decode_head
from worker.tables.codec import pack_client


def verify(world: TimerWorld) -> Expected:
    """What happened. Raises Broken where the lane's tables or what it published differ."""
    expected = Expected(world)
    for plan in valid_plans(world.log):
        expected.take(plan)
    _nothing_left(world, expected)
    published: dict[bytes, set[bytes]] = {}
    for output in world.published:
        headers = dict(output.headers)
        if "commandId" in headers:
            name = headers["commandId"]
        elif "operationId" in headers:
            name = b"journal " + headers["operationId"]
        else:
            continue
        published.setdefault(name, set()).add(output.value or b"")
    hold("published", published, {name: {content} for name, content in expected.due.items()})
    states = {key: pack_client(expected.clients.get(key) or ClientState()) for key in expected.keys}
    if expected.budgets:
        states[BUDGETS_KEY] = expected.budgets
    held = dict(world.tables.values)
    for key, raw in expected.left_of_payments(held).items():
        states[key] = raw
    hold("states", held, states)
    _check_index(world, expected)
    return expected


def _nothing_left(world: TimerWorld, expected: Expected) -> None:
    for topic, position in expected.positions.items():
        if topic != INTERNAL and position < len(world.topics[topic]):
            raise Broken(f"{topic} was not read to its end")
    head = decode_head(world.tables.head)
    if head.seq and (head.clock, head.timer) != (
        expected.position.at if expected.position else 0,
        expected.position.timer if expected.position else None,
    ):
        raise Broken(f"the head stands at {head.clock}, {head.timer}: {expected.position}")
    if not world.swapped:
        walk = expected.open_walk(rules_in_force("r1"))
        left = walk.next_due(world.end)
        if left is not None:
            raise Broken(f"{left} was never taken")


def _check_index(world: TimerWorld, expected: Expected) -> None:
    changes = Changes()
    for key in expected.keys:
        changes.client(key, ClientState(), expected.clients.get(key) or ClientState())
    needed = {entry for entry in changes.change().add if not entry.startswith(FORGOTTEN)}
    for key, payment in expected.payments.held.items():
        if key in world.tables.values:
            needed.add(payment_entry(payment.paid_at, key))
    missing = needed.difference(world.tables.index)
    if missing:
        raise Broken(f"the index lacks {sorted(missing)}")
