"""Events that do nothing but charge budgets and give back; the budgets are the product's own."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from rules_engine.budgets.lane import Contradiction, LaneBudgets
from rules_engine.budgets.messages import decode_message, encode_message
from rules_engine.budgets.port import BudgetKey, Need, Verdict
from rules_engine.budgets.state import unpack_budgets
from schemas.records import Output, Record
from tests.simulation.budget_world import INTERNAL, LANES, UNIT, Event, LaneWorld
from tests.simulation.toy import Timeless
from worker.errors import Contradicted
from worker.lane.evaluator_port import Evaluated, Moment, Pending, Search, Work
from worker.lane.plan import Terms

SHARED = "budgets"
CREDITED = "credited"

Credits = dict[int, list[Need]]
"""What each event of the lane was credited, until it is given back."""


class BudgetWork(Struct, frozen=True):
    """`version`: of the rules that decide it."""

    records: Sequence[Record]
    version: int
    keys: Sequence[str] = (SHARED, CREDITED)


class BudgetToy(Timeless):
    shared_key: str | None = SHARED

    def __init__(self, world: LaneWorld) -> None:
        self.world = world

    def pending(self, shared: bytes) -> Pending | None:
        tried = unpack_budgets(shared).tried
        if tried is None:
            return None
        rules: dict[str, str | None] = {"o": tried.rules}
        return Pending(tried.topic, tried.offset, rules, bool(tried.asking), tried.wall)

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        newest = str(len(self.world.shared.versions) - 1)
        return BudgetWork(records, int((rules or {}).get("o") or newest))

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        assert isinstance(work, BudgetWork)
        batch = _Batch(self.world, values, moment, work.version)
        taken, cut = 0, None
        for record in work.records:
            if record.topic == INTERNAL:
                batch.receive(record)
            elif not batch.decide(record):
                cut = (record.topic, record.offset)
                break
            taken += 1
        return batch.evaluated(taken, cut)


class _Batch:
    def __init__(
        self, world: LaneWorld, values: Mapping[str, bytes], moment: Moment, version: int
    ) -> None:
        self.world, self.moment, self.version = world, moment, version
        self.budgets = LaneBudgets(values[SHARED], world.number, LANES, UNIT)
        self.before = values[CREDITED]
        self.credits: Credits = read_credits(self.before)
        self.outputs: list[Output] = []

    def receive(self, record: Record) -> None:
        assert record.value is not None
        try:
            self.budgets.receive(decode_message(record.value), self._limit_of)
        except Contradiction as error:
            raise Contradicted(str(error)) from error

    def _limit_of(self, key: BudgetKey) -> Decimal:
        return self.world.shared.limit_of(key, self.version)

    def decide(self, record: Record) -> bool:
        event = self.world.events[record.offset]
        if event.refund_of is not None:
            for need in self.credits.pop(event.refund_of, []):
                self.budgets.give_back(need.key, need.amount)
            return True
        self.budgets.begin(record.topic, record.offset)
        verdicts = self._verdicts(event)
        if verdicts is None:
            self.budgets.cut(record.topic, record.offset, "o", str(self.version), self.moment.wall)
            return False
        self.budgets.done()
        content = f"{verdicts}".encode()
        self.outputs.append(Output("BONUS_COMMANDS", f"{record.offset}".encode(), content))
        paid = zip(event.items, verdicts, strict=True)
        self.credits[record.offset] = [n for item, good in paid if good for n in item.needs]
        return True

    def _verdicts(self, event: Event) -> list[bool | None] | None:
        verdicts: list[bool | None] = []
        for item in event.items:
            if item.only_after_refusal and verdicts[-1]:
                verdicts.append(None)
                continue
            needs = [Need(n.key, n.amount, self._limit_of(n.key)) for n in item.needs]
            verdict = self.budgets.charge(item.rule, needs)
            if verdict is Verdict.SHORT:
                return None
            verdicts.append(verdict is Verdict.CHARGED)
        return verdicts

    def evaluated(self, taken: int, cut: tuple[str, int] | None) -> Evaluated:
        values: dict[str, bytes] = {}
        packed = self.budgets.packed()
        if packed is not None:
            values[SHARED] = packed
        credited = msgspec.msgpack.encode(self.credits)
        if credited != (self.before or msgspec.msgpack.encode({})):
            values[CREDITED] = credited
        sent = [
            Output("BUDGETS", None, encode_message(m), partition=m.receiver)
            for m in self.budgets.outbox
        ]
        clock = self.moment.begin
        rules: dict[str, str | None] = {"o": str(self.version)}
        return Evaluated(taken, values, [*self.outputs, *sent], rules, clock, cut=cut)


def read_credits(raw: bytes) -> Credits:
    return msgspec.msgpack.decode(raw, type=Credits) if raw else {}


def left_of(paid: Sequence[Credits], key: BudgetKey, limit: Decimal) -> Decimal:
    """What no event holds of a budget."""
    held = [n.amount for lane in paid for needs in lane.values() for n in needs if n.key == key]
    return limit - sum(held, Decimal(0))
