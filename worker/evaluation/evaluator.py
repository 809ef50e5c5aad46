"""What `Evaluator` means for the loyalty domain: records to events, and which state they need.

The evaluation itself is in `evaluation.py`. Every input record ends in exactly one of: applied,
duplicate, dead letter; a message between lanes is applied or a repeat.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from rules_engine.budgets.messages import Message, decode_message, organization_of_message
from rules_engine.budgets.state import unpack_budgets
from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import BudgetsUnreadable
from rules_engine.evaluate import evaluating
from schemas.decode import decode
from schemas.decoded import Rejected
from schemas.records import Record
from schemas.topics import Channel
from worker.errors import BadLog
from worker.evaluation.budget_share import BUDGETS_KEY, LaneShare, RuleSets, unreadable
from worker.evaluation.evaluation import Decoded, Evaluation, Heard
from worker.evaluation.payments import key_to_load, outdated
from worker.evaluation.report import BatchReport
from worker.index.entries import WAKES, payments_before, read_payment, wakes_prefix
from worker.lane.evaluator_port import Evaluated, Floors, Moment, Pending, Search, Work
from worker.lane.plan import Terms
from worker.tables.codec import CODEC_VERSION
from worker.tables.port import IndexRange
from worker.timers.gathered import Span
from worker.timers.search import MOST_UNITS, TimerSearch
from worker.timers.watch import WakeWatch

EVALUATION_VERSION = 2
"""Raised whenever the same input may come out differently; replays refuse other versions."""


NO_EVENT = -(1 << 62)
"""Before every instant."""


class RuleBook(Protocol):
    """The rule sets of the worker (`worker.rules.active`)."""

    def rules_of(self, named: Mapping[str, str | None] | None) -> RuleSets:
        """Those in force (None), or those named by hash. Raises LoudStop for an unknown hash."""

    async def learn(self, named: Mapping[str, str | None]) -> None:
        """Look up what another worker may have recorded."""


class DecodedRecords(Struct, frozen=True):
    """The `Work` of a batch. A client's value is kept under organization ␟ client."""

    items: Sequence[Decoded | Heard]
    rules: RuleSets
    consulted: dict[str, str | None]
    """Organization → hash of its rule set: also where it only gave the currency's digits."""
    keys: Sequence[str]
    latest: int
    """The latest `occurredAt` among the events."""

    def bound(self, moment: Moment) -> int:
        """The lane's clock is never beyond it in the plan."""
        only, bound = moment.only, max(moment.begin, min(moment.wall, self.latest))
        if only is not None:
            bound = max(
                bound, *(due.at for due in (only.end, only.tried) if due is not None), bound
            )
        return max(bound, moment.wall) if moment.idle else bound


class LoyaltyEvaluator:
    """`channels`: channel by input topic. `lane` of `lanes`: whose share of the budgets it is.
    `most_units`: about so many timers in one plan; `report`: makes what a batch is counted in."""

    shared_key: str | None = BUDGETS_KEY

    def __init__(
        self,
        channels: Mapping[str, str],
        rules: RuleBook,
        terms: Terms,
        lane: int = 0,
        lanes: int = 1,
        most_units: int = MOST_UNITS,
        report: Callable[[], BatchReport] = BatchReport,
    ) -> None:
        self._channels = dict(channels)
        self._rules = rules
        self._terms = terms
        self._lane, self._lanes = lane, lanes
        self._most_units = most_units
        self._report = report
        self._watch = WakeWatch()

    @property
    def terms(self) -> Terms:
        return self._terms

    def supports(self, evaluation: int) -> bool:
        return evaluation == EVALUATION_VERSION

    def pending(self, shared: bytes) -> Pending | None:
        try:
            tried = unpack_budgets(shared).tried if shared else None
        except BudgetsUnreadable as fault:
            raise unreadable(fault) from fault
        if tried is None:
            return None
        rules: dict[str, str | None] = {tried.organization_id: tried.rules}
        return Pending(tried.topic, tried.offset, rules, bool(tried.asking), tried.wall)

    async def learn(self, rules: Mapping[str, str | None]) -> None:
        await self._rules.learn(rules)

    def prepare(self, records: Sequence[Record], rules: Mapping[str, str | None] | None) -> Work:
        rule_sets = self._rules.rules_of(rules)
        channels = self._channels
        consulted: dict[str, str | None] = {}
        minor_digits = _minor_digits(rule_sets, consulted)
        items: list[Decoded | Heard] = []
        keys: dict[str, None] = {}
        latest = NO_EVENT
        for record in records:
            channel = channels[record.topic]
            if channel == Channel.BUDGETS:
                message = _message(record)
                minor_digits(organization_of_message(message))
                items.append(Heard(message))
                keys[BUDGETS_KEY] = None
                continue
            event = decode(record.value, record.key, channel, minor_digits)
            key = ""
            if type(event) is not Rejected:
                if event.occurred_at > latest:
                    latest = event.occurred_at
                organization = event.organization_id
                key = f"{organization}\x1f{event.client_id}"
                if organization not in consulted:
                    minor_digits(organization)
                keys[key] = None
                payment = key_to_load(event)
                if payment is not None:
                    keys[payment] = None
            items.append(Decoded(record, event, key))
        if any(map(_has_budgets, map(rule_sets.get, consulted))):
            keys[BUDGETS_KEY] = None
        return DecodedRecords(items, rule_sets, consulted, list(keys), latest)

    def search(
        self, work: Work, moment: Moment, terms: Terms, floors: Floors
    ) -> TimerSearch | None:
        assert isinstance(work, DecodedRecords)
        span = Span(moment.position, work.bound(moment), terms.lapse_grace_us)
        if moment.only is None and work.latest == NO_EVENT and not moment.idle:
            return None
        if not self._watch.may_be_due(work.rules, span, floors):
            return None
        if moment.only is None:
            return TimerSearch(work.rules, span, self._most_units, BUDGETS_KEY)
        if moment.only.tries_record:
            return TimerSearch(work.rules, span, None, BUDGETS_KEY)
        ends = (due for due in (moment.only.end, moment.only.tried) if due is not None)
        return TimerSearch(work.rules, span, None, BUDGETS_KEY, max(ends, default=None))

    @property
    def wakes(self) -> Sequence[bytes]:
        return self._watch.prefixes(self._rules.rules_of(None))

    def wakes_under(self, rules: Mapping[str, str | None]) -> Sequence[bytes]:
        named = (org for org, content_hash in rules.items() if content_hash is not None)
        return [wakes_prefix(rank, org) for org in named for rank in WAKES]

    def next_due(self, moment: Moment, earliest: Sequence[bytes]) -> int | None:
        if moment.position is None:
            return None
        rule_sets, grace = self._rules.rules_of(None), self._terms.lapse_grace_us
        return self._watch.next_due(rule_sets, moment.position, earliest, grace)

    def old(self, clock: int) -> IndexRange:
        return payments_before(clock - self._terms.remember_payments_us)

    def key_of(self, entry: bytes) -> str:
        return read_payment(entry)

    def forgets(self, values: Mapping[str, bytes], clock: int) -> Sequence[str]:
        return outdated(values, clock - self._terms.remember_payments_us)

    def evaluate(
        self,
        work: Work,
        values: Mapping[str, bytes],
        moment: Moment,
        terms: Terms,
        search: Search | None = None,
    ) -> Evaluated:
        assert isinstance(work, DecodedRecords)
        assert search is None or isinstance(search, TimerSearch)
        share = LaneShare(work.rules, values.get(BUDGETS_KEY, b""), self._lane, self._lanes)
        bound = work.bound(moment)
        report = self._report()
        evaluation = Evaluation(work.rules, values, moment, terms, share, report, search, bound)
        with evaluating():
            for item in work.items:
                if not evaluation.take(item):
                    break
            else:
                evaluation.finish()
        return evaluation.evaluated(work.consulted)


def _minor_digits(
    rule_sets: RuleSets, consulted: dict[str, str | None]
) -> Callable[[str], int | None]:
    """Of an organization's currency; None where it has no rule set. What is asked is `consulted`
    from then on."""
    digits: dict[str, int | None] = {}

    def minor_digits(organization: str) -> int | None:
        if organization not in digits:
            rule_set = rule_sets.get(organization)
            consulted[organization] = rule_set.content_hash if rule_set else None
            digits[organization] = rule_set.minor_digits if rule_set else None
        return digits[organization]

    return minor_digits


def _has_budgets(rule_set: CompiledRuleSet | None) -> bool:
    return rule_set is not None and bool(rule_set.budgets)


def _message(record: Record) -> Message:
    try:
        return decode_message(record.value or b"")
    except msgspec.DecodeError as error:
        raise BadLog(
            f"Offset {record.offset} of {record.topic} is no message between lanes: {error}.",
            "Nothing but workers of this group may write there: point LOYALTY_TOPIC_BUDGETS at a "
            "topic of its own, or run the release that wrote it.",
        ) from error


def make_terms(clock_skew_s: int, lapse_grace_s: int, remember_payments_days: int) -> Terms:
    """The terms of this release under these settings."""
    second, day = 1_000_000, 86_400_000_000
    return Terms(
        clock_skew_us=clock_skew_s * second,
        lapse_grace_us=lapse_grace_s * second,
        remember_payments_us=remember_payments_days * day,
        evaluation=EVALUATION_VERSION,
        codec=CODEC_VERSION,
    )
