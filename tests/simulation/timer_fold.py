"""What must have happened in a `TimerWorld`: the log's plans, one record and one timer after the
other, over all clients held in memory. No index, no batch, no lane."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from rules_engine.account.payments import Payment
from rules_engine.books.around import Around
from rules_engine.budgets.lane import LaneBudgets
from rules_engine.budgets.messages import decode_message
from rules_engine.budgets.port import SEPARATOR, BudgetKey
from rules_engine.budgets.state import unpack_budgets
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet
from rules_engine.evaluate import apply_event, refusal
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.due import Due, Position, client_key, split_client_key
from rules_engine.timers.held import HeldCandidates, HeldClients
from rules_engine.timers.walk import TimerWalk
from schemas.decode import decode
from schemas.decoded import Event, PaymentMade, PaymentRefunded, Rejected
from schemas.records import InputRecord
from tests.simulation.oracle import Broken
from tests.simulation.timer_rules import rules_in_force, rules_named
from tests.simulation.timer_world import CHANNELS, INTERNAL, TimerWorld
from worker.evaluation.budget_share import SLICE_UNIT
from worker.evaluation.payments import payment_key
from worker.lane.merge import merge
from worker.lane.plan import Plan, timer_at, timer_place
from worker.tables.codec import pack_payment


class PaymentsByKey:
    """`Payments` of all clients: nothing is ever deleted here."""

    def __init__(self) -> None:
        self.held: dict[str, Payment] = {}

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        return self.held.get(payment_key(event))

    def keep(self, event: Event, payment: Payment | None) -> None:
        """What the event came to."""
        if payment is not None and isinstance(event, PaymentMade | PaymentRefunded):
            self.held[payment_key(event)] = payment


class Expected:
    """The fold of the valid plans."""

    def __init__(self, world: TimerWorld) -> None:
        self.world = world
        terms = world.terms
        self.payments = PaymentsByKey()
        self.around = Around(terms.lapse_grace_us, terms.remember_payments_us, self.payments)
        self.positions = dict.fromkeys(world.inputs, 0)
        self.position: Position | None = None
        self.clients = HeldClients()
        self.keys: set[str] = set()
        self.budgets = b""
        self.due: dict[bytes, bytes] = {}
        self.units = 0
        self.rung = 0
        self.walk: TimerWalk | None = None
        self.rules: dict[str, CompiledRuleSet] = {}
        self.lane = self._open_lane()

    def _open_lane(self) -> LaneBudgets:
        return LaneBudgets(self.budgets, self.world.number, self.world.lanes, SLICE_UNIT)

    def open_walk(self, rules: dict[str, CompiledRuleSet]) -> TimerWalk:
        """Over everybody who is known."""
        candidates = HeldCandidates(self.world.terms.lapse_grace_us)
        for key in self.keys:
            state = self.clients.get(key)
            assert state is not None
            candidates.changed(key, None, state)
        return TimerWalk(rules, self.clients, candidates, self.position, self.around)

    def take(self, plan: Plan) -> None:
        self._hold_to_what_was_tried(plan)
        self.rules = rules_named(plan.rules) if self.world.swapped else rules_in_force("r1")
        if plan.since:
            self._idle_until(plan)
        self.walk = self.open_walk(self.rules)
        self.lane = self._open_lane()
        self.units = 0
        for record in self._in_order(plan):
            if record.topic == INTERNAL:
                self.lane.receive(decode_message(record.value or b""), self._limit_of)
            else:
                self._event(record, plan)
        self._end(plan)
        if self.units != plan.timers:
            raise Broken(f"plan {plan.seq} took {plan.timers} timers, {self.units} were due")
        self.position = self.walk.position
        if plan.timer is not None:
            self.position = Position(plan.timer.at, plan.timer)
        self.budgets = self.lane.packed() or self.budgets

    def _hold_to_what_was_tried(self, plan: Plan) -> None:
        """Until the answer comes, nothing but messages is taken; then, and before anything else,
        what was tried in vain, at the instant and under the rules of its first attempt."""
        tried = unpack_budgets(self.budgets).tried
        if tried is None:
            return
        if tried.asking:
            if plan.timers or any(part.topic != INTERNAL for part in plan.ranges):
                raise Broken(f"plan {plan.seq} takes something while the lane waits")
            return
        named = plan.rules.get(tried.organization_id, tried.rules)  # none where nothing is taken
        if (plan.wall, named) != (tried.wall, tried.rules):
            raise Broken(f"plan {plan.seq} decides otherwise than {tried} was tried")

    def _idle_until(self, plan: Plan) -> None:
        """Nothing unread, nothing due: the clock followed the wall clock."""
        self._at_end(plan, plan.since)
        if self.position is not None and plan.since > self.position.at:
            walk = self.open_walk(self.rules)
            if not self.world.swapped and walk.next_due(plan.since) is not None:
                raise Broken(f"plan {plan.seq} passes by {walk.next_due(plan.since)}")
        if self.position is None or plan.since > self.position.at:
            self.position = Position(plan.since)

    def _at_end(self, plan: Plan, wall: int) -> None:
        """What is unread came after the owner had read its clock."""
        for topic, position in self.positions.items():
            unread = self.world.topics[topic][position : position + 1]
            if topic == INTERNAL or not unread:
                continue
            if unread[0].timestamp * 1000 <= self.world.read_at[wall]:
                raise Broken(f"plan {plan.seq} calls the lane idle with records unread")

    def _in_order(self, plan: Plan) -> list[InputRecord]:
        runs = {}
        for part in plan.ranges:
            if self.positions[part.topic] != part.first:
                raise Broken(f"plan {plan.seq} leaves a gap in {part.topic}")
            self.positions[part.topic] = part.last + 1
            runs[part.topic] = self.world.topics[part.topic][part.first : part.last + 1]
        first = runs.pop(INTERNAL, [])
        merged = merge([runs[topic] for topic in self.world.inputs if topic in runs])
        return [*first, *(record for record in merged if isinstance(record, InputRecord))]

    def _limit_of(self, key: BudgetKey) -> Decimal:
        organization, rule, _, _ = key.split(SEPARATOR)
        return self.rules[organization].budgets[rule].amount_major

    def _event(self, record: InputRecord, plan: Plan, *, tried: bool = False) -> None:
        assert self.walk is not None
        event = decode(record.value, record.key, CHANNELS[record.topic], lambda _: 2)
        if isinstance(event, Rejected):
            return
        if event.occurred_at > record.timestamp * 1000 + self.world.terms.clock_skew_us:
            return
        key = client_key(event.organization_id, event.client_id)
        clock = min(event.occurred_at, plan.wall)
        if self.walk.position is not None:
            clock = max(clock, self.walk.position.at)
        rules = self.rules[event.organization_id]
        before = self.clients.get(key) or ClientState()
        if refusal(rules, before, event, self.around, clock) is not None:
            return
        self._ring_until(clock)
        before = self.clients.get(key) or ClientState()
        self.lane.begin(record.topic, record.offset)
        origin = Origin(record.topic, record.partition, record.offset)
        outcome = apply_event(rules, before, event, origin, self.lane, self.around, clock)
        if outcome.short != tried:
            raise Broken(f"plan {plan.seq}: {origin} is short where it should not be, or not")
        if outcome.short:
            self.lane.cut(
                *(record.topic, record.offset, event.organization_id),
                *(rules.content_hash, plan.wall),
            )
            return
        self.lane.done()
        self.walk.arrive(clock)
        self.clients.put(key, outcome.client)
        self.payments.keep(event, outcome.payment)
        self.keys.add(key)
        self.walk.changed(key, before, outcome.client)
        self._say(outcome)

    def _ring_until(self, clock: int) -> None:
        assert self.walk is not None
        while (due := self.walk.next_due(clock)) is not None:
            self._ring(due)

    def _ring(self, due: Due, plan: Plan | None = None) -> None:
        """`plan`: the one that tried the unit in vain."""
        assert self.walk is not None
        place = timer_place(due)
        self.lane.begin(*place)
        rung = self.walk.take(due, self.lane)
        if rung.outcome.short != (plan is not None):
            raise Broken(f"{due} is short where it should not be, or not")
        if plan is not None:
            organization = split_client_key(due.key)[0]
            name = self.rules[organization].content_hash
            self.lane.cut(*place, organization, name, plan.wall)
            return
        if due.rank >= 2:
            self.lane.done()
        self.units += 1
        self.rung += 1
        self._say(rung.outcome)

    def _end(self, plan: Plan) -> None:
        """What comes behind the records."""
        assert self.walk is not None
        tried = None if plan.cut is None else timer_at(plan.cut)
        if plan.idle:
            self._at_end(plan, plan.wall)
            self._ring_until(plan.wall)
            self.walk.arrive(max(plan.wall, self.walk.position.at if self.walk.position else 0))
        while self.units < plan.timers:
            due = self.walk.next_due(plan.wall)
            if due is None:
                raise Broken(f"plan {plan.seq} took more timers than were due")
            self._ring(due)
        left = None
        if plan.timer is not None:
            left = self.walk.next_due(plan.timer.at)
        if left is not None and plan.timer is not None and left <= plan.timer:
            raise Broken(f"plan {plan.seq} passes by {left}")
        if tried is not None:
            if self.walk.next_due(tried.at) != tried:
                raise Broken(f"plan {plan.seq} tried {tried} where something else was due")
            self._ring(tried, plan)
        elif plan.cut is not None:
            topic, offset = plan.cut
            self._event(self.world.topics[topic][offset], plan, tried=True)

    def left_of_payments(self, held: Mapping[str, bytes]) -> dict[str, bytes]:
        """What the tables may hold of payments, where they do: one that is too old for anybody to
        ask for may be gone already, and one of an earlier life of its client is."""
        left = {}
        old = (self.position.at if self.position else 0) - self.world.terms.remember_payments_us
        for key, payment in self.payments.held.items():
            client = self.clients.get(SEPARATOR.join(key.split(SEPARATOR)[:2])) or ClientState()
            if payment.life == client.life and (payment.paid_at >= old or key in held):
                left[key] = pack_payment(payment)
        return left

    def _say(self, outcome: Outcome) -> None:
        for command in outcome.commands:
            self.due[command.command_id.encode()] = msgspec.json.encode(command)
        for entry in outcome.journal:
            self.due[b"journal " + entry.operation_id.encode()] = msgspec.json.encode(entry)
