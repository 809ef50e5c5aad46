"""What must hold of budgets after every history, from logs and topics alone.

Never too much; every unit is free, in a slice or credited; nobody waits for ever; a refusal was
right: the credit does not fit what is left in the end, refunds aside.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from rules_engine.budgets.port import BudgetKey, split_key
from rules_engine.budgets.state import BudgetState, unpack_budgets
from schemas.records import Output
from tests.simulation.budget_toy import (
    CREDITED,
    SHARED,
    BudgetToy,
    Credits,
    left_of,
    read_credits,
)
from tests.simulation.budget_world import TOPICS, LaneWorld, Shared
from tests.simulation.oracle import Broken, valid_plans
from tests.simulation.toy import TERMS
from worker.lane.evaluator_port import Moment


class Rebuilt(Struct):
    """A lane folded from nothing."""

    budgets: BudgetState
    credits: Credits
    values: dict[str, bytes]
    outputs: list[Output]

    def verdicts(self) -> dict[int, list[bool | None]]:
        found: dict[int, list[bool | None]] = {}
        for output in self.outputs:
            if output.channel == "BONUS_COMMANDS":
                assert output.key is not None
                assert output.value is not None
                text = output.value.decode()
                names = {"True": True, "False": False, "None": None}
                found[int(output.key)] = [names[word] for word in text.strip("[]").split(", ")]
        return found


def rebuilt(world: LaneWorld) -> Rebuilt:
    """Every valid plan in its order, on an empty state."""
    toy = BudgetToy(world)
    values = {SHARED: b"", CREDITED: b""}
    outputs: list[Output] = []
    positions = dict.fromkeys(TOPICS, 0)
    for plan in valid_plans(world.log):
        records = []
        for part in plan.ranges:
            if positions[part.topic] != part.first:
                raise Broken(f"plan {plan.seq} leaves a gap in {part.topic}")
            positions[part.topic] = part.last + 1
            held = world.records(part.topic)
            records += [held[offset] for offset in range(part.first, part.last + 1)]
        if plan.cut is not None:
            topic, offset = plan.cut
            records.append(world.records(topic)[offset])
        work = toy.prepare(records, plan.rules)
        evaluated = toy.evaluate(work, values, Moment(plan.wall, 0, False), TERMS)
        if evaluated.cut != plan.cut:
            raise Broken(f"plan {plan.seq} is cut at {evaluated.cut}, was at {plan.cut}")
        values |= evaluated.values
        outputs += evaluated.outputs
    budgets = unpack_budgets(values[SHARED])
    return Rebuilt(budgets, read_credits(values[CREDITED]), values, outputs)


def judge(shared: Shared) -> Sequence[Rebuilt]:
    """What each lane came to. Raises Broken."""
    states = [rebuilt(world) for world in shared.lanes]
    for world, state in zip(shared.lanes, states, strict=True):
        _judge_lane(world, state)
    keys = {k for s in states for k in (*s.budgets.ledgers, *s.budgets.slices)}
    for key in sorted(keys):
        _judge_sum(shared, states, key)
    for world, state in zip(shared.lanes, states, strict=True):
        for offset, verdicts in state.verdicts().items():
            for item, verdict in zip(world.events[offset].items, verdicts, strict=True):
                if verdict is False and not shared.refunds and len(shared.versions) == 1:
                    _judge_refusal(shared, states, [(n.key, n.amount) for n in item.needs])
    return states


def _judge_lane(world: LaneWorld, state: Rebuilt) -> None:
    contents: dict[tuple[int | None, bytes | None], set[bytes | None]] = {}
    for output in world.published:
        if output.channel == "BONUS_COMMANDS":
            contents.setdefault((output.partition, output.key), set()).add(output.value)
    due = {(o.partition, o.key): {o.value} for o in state.outputs if o.channel == "BONUS_COMMANDS"}
    if contents != due:
        raise Broken(f"lane {world.number} published {contents}, due {due}")
    sent = {o.value for o in world.published if o.channel == "BUDGETS"}
    if sent != {o.value for o in state.outputs if o.channel == "BUDGETS"}:
        raise Broken(f"lane {world.number} said something else than its log")
    held = {key: value for key, value in state.values.items() if value}
    if world.tables.values != held:
        raise Broken(f"the tables of lane {world.number} differ from its log")
    budgets = state.budgets
    if budgets.tried or budgets.queues or budgets.awaited:
        raise Broken(f"lane {world.number} waits for ever")


def _judge_sum(shared: Shared, states: list[Rebuilt], key: BudgetKey) -> None:
    paid = [state.credits for state in states]
    if left_of(paid, key, shared.limit_of(key)) < 0:
        raise Broken(f"{key!r}: {-left_of(paid, key, shared.limit_of(key))} paid too much")
    ledgers = [s.budgets.ledgers[key] for s in states if key in s.budgets.ledgers]
    if ledgers:
        left = left_of(paid, key, ledgers[0].limit)
        slices = sum((s.budgets.slices.get(key, Decimal(0)) for s in states), Decimal(0))
        if ledgers[0].free + slices != left:
            raise Broken(f"{key!r}: left {left}, free {ledgers[0].free}, in slices {slices}")


def _judge_refusal(
    shared: Shared, states: list[Rebuilt], needs: list[tuple[BudgetKey, Decimal]]
) -> None:
    """Of a period that is not known any more everything is refused."""
    if any(_is_forgotten(states, key) for key, _ in needs):
        return
    paid = [state.credits for state in states]
    if all(amount <= left_of(paid, key, shared.limit_of(key)) for key, amount in needs):
        raise Broken(f"refused though it fits: {needs}")


def _is_forgotten(states: list[Rebuilt], key: BudgetKey) -> bool:
    budget, ordinal = split_key(key)
    kept = [
        split_key(known)[1]
        for state in states
        for known, ledger in state.budgets.ledgers.items()
        if split_key(known)[0] == budget and ledger.granted
    ]
    return len(kept) >= 2 and ordinal < min(kept)


def judge_probe(states: Sequence[Rebuilt], due: Mapping[int, bool]) -> None:
    """Was the last event of each of these lanes credited, or not, as is due?"""
    for number, credited in due.items():
        verdicts = states[number].verdicts()
        if verdicts[max(verdicts)] != [credited]:
            raise Broken(f"the probe in lane {number}: {verdicts}, due {credited}")
