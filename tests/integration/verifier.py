"""What must have been paid, worked out from the lane log and the inputs without the worker's lane.

The lane log is read by its own rule, each plan's ranges are merged and applied one by one through
the pure engine, and the result is held against everything that was published and against Redis:
nothing lost, nothing extra, one content per id, every state right, every timer findable.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

import msgspec
from msgspec import Struct

from rules_engine.account.payments import Payment
from rules_engine.author.load import load_rule_set
from rules_engine.books.around import Around
from rules_engine.budgets.lane import LaneBudgets
from rules_engine.budgets.messages import decode_message
from rules_engine.budgets.port import SEPARATOR, BudgetKey
from rules_engine.budgets.state import unpack_budgets
from rules_engine.client import ClientState
from rules_engine.compile import compile_rule_set
from rules_engine.evaluate import apply_event, refusal
from rules_engine.outcome import Origin, Outcome
from rules_engine.timers.due import FIRST_OF_RULES, Due, Position, client_key
from rules_engine.timers.held import HeldCandidates, HeldClients
from rules_engine.timers.walk import TimerWalk
from schemas.decode import decode
from schemas.decoded import ClientForgotten, PaymentMade, PaymentRefunded, Rejected
from schemas.records import InputRecord
from schemas.topics import INPUTS, Channel
from tests.integration.deployment import COMMANDS, PARTITIONS, Deployment
from tests.integration.indexed import lane_values, unindexed
from worker.evaluation.budget_share import BUDGETS_KEY, SLICE_UNIT
from worker.evaluation.payments import payment_key, payments_prefix
from worker.lane.plan import Plan, Start, decode_record, timer_at, timer_place
from worker.tables.codec import pack_client, pack_payment

SKEW_US = 300_000_000
REMEMBER_US = 180 * 86_400_000_000


class Verdict(Struct):
    """`unread`: inputs that no valid plan holds, or that two of them hold. `unindexed`: entries
    that the index of timers lacks. `repeats`: raw repetitions of an id, which readers drop."""

    inputs: int = 0
    due: int = 0
    unread: int = 0
    lost: int = 0
    extra: int = 0
    differing: int = 0
    wrong_states: int = 0
    unindexed: int = 0
    timers: int = 0
    plans: int = 0
    void: int = 0
    late: int = 0
    repeats: int = 0
    dead_letters: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        effects = self.lost + self.extra + self.differing
        states = self.wrong_states + self.unindexed
        return not (self.unread or effects or states or self.late)


async def verify(
    loyalty: Deployment, versions: Sequence[str] = (), until: int | None = None
) -> Verdict:
    """Judge a deployment that has caught up. `versions`: the texts of its rule set, where it had
    more than one. `until`: everything due up to this instant, microseconds, must be done."""
    inputs = await loyalty.read(*INPUTS)
    log = await loyalty.read(Channel.LANE_LOG)
    plans = valid_plans(log)
    expected = Expected(loyalty, inputs, versions or [(loyalty.rules / "izi.yaml").read_text()])
    for lane, chain in plans.items():
        for plan in chain:
            expected.take(lane, plan)
    due = expected.due
    said = [r for r in inputs if r.topic == loyalty.topic(Channel.BUDGETS)]
    late = [r for r in said if until is not None and r.timestamp * 1000 > until]
    verdict = Verdict(len(inputs), len(due), unread(plans, _ends(inputs), _ends(late)))
    verdict.timers = sum(expected.rung.values())
    verdict.plans = sum(map(len, plans.values()))
    verdict.void = sum(isinstance(decode_record(r.value or b""), Plan) for r in log) - verdict.plans
    if until is not None:
        verdict.late = sum(walk.next_due(until) is not None for walk in expected.walks.values())
    published: dict[bytes, set[bytes]] = {}
    commands = await loyalty.read(*COMMANDS, Channel.BONUS_JOURNAL)
    for record in commands:
        headers = dict(record.headers)
        name = headers.get("commandId") or b"journal " + headers["operationId"]
        published.setdefault(name, set()).add(record.value or b"")
    verdict.repeats = len(commands) - len(published)
    verdict.lost = len(due.keys() - published.keys())
    verdict.extra = len(published.keys() - due.keys())
    verdict.differing = sum(
        published[name] != {due[name]} for name in published.keys() & due.keys()
    )
    await _judge_dead_letters(loyalty, expected.letters, verdict)
    await _judge_states(loyalty, expected.states(), verdict)
    return verdict


def valid_plans(log: Iterable[InputRecord], partitions: int = PARTITIONS) -> dict[int, list[Plan]]:
    """By partition: the plans whose term is the latest start before them, in sequence."""
    plans: dict[int, list[Plan]] = {n: [] for n in range(partitions)}
    terms = dict.fromkeys(range(partitions), -1)
    for record in log:
        entry = decode_record(record.value or b"")
        lane = plans[record.partition]
        if isinstance(entry, Start):
            terms[record.partition] = record.offset
        elif entry.term == terms[record.partition] and entry.seq == len(lane) + 1:
            lane.append(entry)
    return plans


Ends = Mapping[tuple[str, int], int]
"""By topic and partition."""


def _ends(records: Iterable[InputRecord]) -> Ends:
    return Counter((record.topic, record.partition) for record in records)


def unread(
    plans: Mapping[int, Sequence[Plan]], ends: Ends, late: Ends = MappingProxyType({})
) -> int:
    """Inputs that the plans do not take exactly once, in order, from where the lane began, up to
    the ends of topics and partitions. `late`: so many of the last ones may be left to the heirs:
    what lanes said to each other while the workers were stopped."""
    taken: Counter[tuple[str, int]] = Counter()
    missed = 0
    for lane, chain in plans.items():
        for plan in chain:
            taken.update({(topic, lane): position for topic, position in plan.positions.items()})
            for part in plan.ranges:
                missed += abs(part.first - taken[part.topic, lane])
                taken[part.topic, lane] = part.last + 1
    left = ((end - taken[place], late.get(place, 0)) for place, end in ends.items())
    return missed + sum(0 if 0 <= count <= excused else abs(count) for count, excused in left)


Letter = tuple[str, int, int, str]
"""Topic, partition, offset and code."""


class LanePayments:
    """The remembered payments of one lane, by key."""

    def __init__(self) -> None:
        self.held: dict[str, Payment] = {}

    def known(self, event: PaymentMade | PaymentRefunded) -> Payment | None:
        return self.held.get(payment_key(event))

    def forget(self, event: ClientForgotten) -> None:
        prefix = payments_prefix(event.organization_id, event.client_id)
        self.held = {key: each for key, each in self.held.items() if not key.startswith(prefix)}


class Expected:
    """Commands and journal by id, dead letters, and packed states by lane and key."""

    def __init__(
        self, loyalty: Deployment, inputs: list[InputRecord], versions: Sequence[str]
    ) -> None:
        compiled = [compile_rule_set(load_rule_set(text, "izi")) for text in versions]
        self.by_hash = {each.content_hash: each for each in compiled}
        self.rule_set = compiled[0]
        self.in_force = dict.fromkeys(range(PARTITIONS), self.rule_set)
        self.topics = [loyalty.topic(channel) for channel in INPUTS]
        self.channels = {loyalty.topic(channel): channel for channel in INPUTS}
        self.by_place = {(r.topic, r.partition, r.offset): r for r in inputs}
        self.grace_us = int(loyalty.settings.get("LAPSE_GRACE_SECONDS", "120")) * 1_000_000
        self.due: dict[bytes, bytes] = {}
        self.letters: set[Letter] = set()
        self.keys: set[tuple[int, str]] = set()
        self.budgets: dict[int, bytes] = {}
        lanes = range(PARTITIONS)
        self.payments = {lane: LanePayments() for lane in lanes}
        self.clients = {lane: HeldClients() for lane in lanes}
        self.walks = {lane: self._walk(lane) for lane in lanes}
        self.clocks, self.rung = dict.fromkeys(lanes, 0), dict.fromkeys(lanes, 0)

    def _around(self, lane: int) -> Around:
        return Around(self.grace_us, REMEMBER_US, self.payments[lane])

    def _walk(self, lane: int, position: Position | None = None) -> TimerWalk:
        """Over everybody whom the lane knows."""
        rules, candidates = {"izi": self.rule_set}, HeldCandidates(self.grace_us)
        for key in (key for number, key in self.keys if number == lane):
            candidates.changed(key, None, self.clients[lane].get(key) or ClientState())
        return TimerWalk(rules, self.clients[lane], candidates, position, self._around(lane))

    def _choose_rules(self, lane: int, plan: Plan) -> None:
        """Those that the plan names. Where they are others than before, the lane's time was passed
        by under either: what the new ones have due before is not made up for."""
        name = plan.rules.get("izi")
        self.rule_set = self.in_force[lane] if name is None else self.by_hash[name]
        if len(self.by_hash) > 1 and plan.since > self.clocks[lane]:
            self._come_to(lane, plan.since)
        if self.rule_set is not self.in_force[lane]:
            self.in_force[lane] = self.rule_set
            self.walks[lane] = self._walk(lane, self.walks[lane].position)

    def take(self, lane: int, plan: Plan) -> None:
        """One plan: messages between lanes first, then the events, each behind what falls due
        before it, then what comes due behind them, then what it tried in vain."""
        self._hold_to_what_was_tried(lane, plan)
        self._choose_rules(lane, plan)
        budgets = LaneBudgets(self.budgets.get(lane, b""), lane, PARTITIONS, SLICE_UNIT)
        walk, before = self.walks[lane], self.rung[lane]
        if plan.since > self.clocks[lane]:
            assert walk.next_due(plan.since) is None
            self._come_to(lane, plan.since)
        for record in self._in_order(lane, plan):
            if self.channels[record.topic] is Channel.BUDGETS:
                budgets.receive(decode_message(record.value or b""), self._limit_of)
            else:
                assert not self._event(lane, record, budgets, plan.wall).short
        if plan.idle:
            self._ring_until(lane, plan.wall, budgets)
            self._come_to(lane, plan.wall)
        while self.rung[lane] < before + plan.timers:
            due = walk.next_due(max(plan.wall, self.clocks[lane]))  # clocks go back, a lane's never
            assert due is not None
            assert not self._ring(lane, due, budgets).short
        assert self.rung[lane] == before + plan.timers
        if plan.timer is not None:
            self.clocks[lane] = max(self.clocks[lane], plan.timer.at)
        if plan.cut is not None:
            self._try(lane, plan, budgets)
        self.budgets[lane] = budgets.packed() or self.budgets.get(lane, b"")

    def _hold_to_what_was_tried(self, lane: int, plan: Plan) -> None:
        """While an answer is awaited nothing but messages is taken; what was tried is then decided
        at the instant and under the rules of its first attempt."""
        tried = unpack_budgets(self.budgets.get(lane, b"")).tried
        if tried is not None and tried.asking:
            assert not plan.timers
            assert all(self.channels[part.topic] is Channel.BUDGETS for part in plan.ranges)
        elif tried is not None:
            name = plan.rules.get(tried.organization_id, tried.rules)  # none where nothing is taken
            assert (plan.wall, name) == (tried.wall, tried.rules)

    def _try(self, lane: int, plan: Plan, budgets: LaneBudgets) -> None:
        assert plan.cut is not None
        topic, offset = plan.cut
        tried = timer_at(plan.cut)
        if tried is None:
            record = self.by_place[topic, lane, offset]
            assert self._event(lane, record, budgets, plan.wall).short
        else:
            assert self.walks[lane].next_due(tried.at) == tried
            assert self._ring(lane, tried, budgets).short
        budgets.cut(topic, offset, "izi", self.rule_set.content_hash, plan.wall)

    def _come_to(self, lane: int, clock: int) -> None:
        self.clocks[lane] = max(self.clocks[lane], clock)
        self.walks[lane].arrive(self.clocks[lane])

    def _ring_until(self, lane: int, clock: int, budgets: LaneBudgets) -> None:
        while (due := self.walks[lane].next_due(clock)) is not None:
            assert not self._ring(lane, due, budgets).short

    def _ring(self, lane: int, due: Due, budgets: LaneBudgets) -> Outcome:
        budgets.begin(*timer_place(due))
        outcome = self.walks[lane].take(due, budgets).outcome
        if not outcome.short:
            if due.rank >= FIRST_OF_RULES:
                budgets.done()
            self.rung[lane] += 1
            self._say(outcome)
        return outcome

    def _say(self, outcome: Outcome) -> None:
        for command in outcome.commands:
            self.due[command.command_id.encode()] = msgspec.json.encode(command)
        for entry in outcome.journal:
            self.due[b"journal " + entry.operation_id.encode()] = msgspec.json.encode(entry)

    def _limit_of(self, key: BudgetKey) -> Decimal:
        return self.rule_set.budgets[key.split(SEPARATOR)[1]].amount_major

    def _event(self, lane: int, record: InputRecord, budgets: LaneBudgets, wall: int) -> Outcome:
        place = (record.topic, record.partition, record.offset)
        nothing = Outcome(ClientState())
        event = decode(
            record.value,
            record.key,
            self.channels[record.topic],
            lambda org: 2 if org == "izi" else None,
        )
        if isinstance(event, Rejected):
            self.letters.add((*place, event.code))
            return nothing
        if event.occurred_at > record.timestamp * 1000 + SKEW_US:
            self.letters.add((*place, "IN_FUTURE"))
            return nothing
        key = client_key(event.organization_id, event.client_id)
        clients, around = self.clients[lane], self._around(lane)
        rules = self.rule_set if event.organization_id == "izi" else None
        clock = max(self.clocks[lane], min(event.occurred_at, wall))
        before = clients.get(key) or ClientState()
        refused = refusal(rules, before, event, around, clock)
        if refused is not None:
            self.letters.add((*place, refused.code))
            return nothing
        self._ring_until(lane, clock, budgets)
        before = clients.get(key) or ClientState()
        budgets.begin(record.topic, record.offset)
        outcome = apply_event(rules, before, event, Origin(*place), budgets, around, clock)
        if outcome.short:
            return outcome
        budgets.done()
        self._come_to(lane, clock)
        clients.put(key, outcome.client)
        self.keys.add((lane, key))
        self.walks[lane].changed(key, before, outcome.client)
        self._say(outcome)
        if isinstance(event, ClientForgotten) and not outcome.duplicate:
            self.payments[lane].forget(event)
        if outcome.payment is not None and isinstance(event, PaymentMade | PaymentRefunded):
            self.payments[lane].held[payment_key(event)] = outcome.payment
        return outcome

    def _in_order(self, lane: int, plan: Plan) -> list[InputRecord]:
        """The internal topic's first; then always the topic whose next record has the lowest
        timestamp, ties by topic order."""
        waiting = {
            part.topic: [
                self.by_place[part.topic, lane, offset]
                for offset in range(part.first, part.last + 1)
                if (part.topic, lane, offset) in self.by_place
            ]
            for part in plan.ranges
        }
        merged = waiting.pop(self.topics[0], [])
        while any(waiting.values()):
            topic = min(
                (t for t in self.topics if waiting.get(t)),
                key=lambda t: (waiting[t][0].timestamp, self.topics.index(t)),
            )
            merged.append(waiting[topic].pop(0))
        return merged

    def states(self) -> dict[tuple[int, str], bytes]:
        states = {
            (lane, key): pack_client(self.clients[lane].get(key) or ClientState())
            for lane, key in self.keys
        }
        for lane, payments in self.payments.items():
            held = payments.held.items()
            states |= {(lane, key): pack_payment(payment) for key, payment in held}
        return states | {(n, BUDGETS_KEY): raw for n, raw in self.budgets.items() if raw}


async def _judge_dead_letters(loyalty: Deployment, due: set[Letter], verdict: Verdict) -> None:
    found = set()
    for record in await loyalty.read(Channel.DEAD_LETTERS):
        headers = {name: value.decode() for name, value in record.headers}
        place = (headers["source.topic"], int(headers["source.partition"]))
        found.add((*place, int(headers["source.offset"]), headers["error.code"]))
    verdict.lost += len(due - found)
    verdict.extra += len(found - due)
    verdict.dead_letters.update(code for *_, code in found)


async def _judge_states(
    loyalty: Deployment, due: dict[tuple[int, str], bytes], verdict: Verdict
) -> None:
    redis = loyalty.redis_client()
    try:
        for lane in range(PARTITIONS):
            expected = {k: v for (n, k), v in due.items() if n == lane}
            stored = await lane_values(redis, loyalty.prefix, lane)
            verdict.wrong_states += sum(stored.get(key) != each for key, each in expected.items())
            verdict.wrong_states += len(stored.keys() - expected.keys())
            missing = await unindexed(redis, loyalty.prefix, lane, stored)
            verdict.unindexed += len(missing)
    finally:
        await redis.aclose()
