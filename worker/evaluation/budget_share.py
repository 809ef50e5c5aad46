"""A lane's share of the budgets, as one batch uses it."""

from collections.abc import Mapping
from decimal import Decimal

from rules_engine.budgets.lane import Contradiction, LaneBudgets
from rules_engine.budgets.messages import Message, encode_message, organization_of_message
from rules_engine.budgets.port import SEPARATOR, BudgetKey
from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import BudgetsUnreadable
from schemas.records import Output
from schemas.topics import Channel
from worker.errors import Contradicted, LoudStop

BUDGETS_KEY = "\x1fbudgets"
"""The lane's own value; a client's key begins with the organization."""
SLICE_UNIT = Decimal("0.01")

RuleSets = Mapping[str, CompiledRuleSet]


class LaneShare:
    """The lane's budgets, opened when the first record asks for them."""

    def __init__(self, rules: RuleSets, packed: bytes, lane: int, lanes: int) -> None:
        self._rules = rules
        self._packed, self._lane, self._lanes = packed, lane, lanes
        self._opened: LaneBudgets | None = None

    def open(self) -> LaneBudgets:
        """Raises LoudStop where the packed value is not this release's."""
        if self._opened is None:
            try:
                self._opened = LaneBudgets(self._packed, self._lane, self._lanes, SLICE_UNIT)
            except BudgetsUnreadable as fault:
                raise unreadable(fault) from fault
        return self._opened

    def hear(self, message: Message) -> None:
        """Raises Contradicted where this state cannot expect the message."""
        try:
            self.open().receive(message, self._limit_of)
        except Contradiction as error:
            raise Contradicted(f"lane {self._lane}: {error}") from error

    def _limit_of(self, key: BudgetKey) -> Decimal | None:
        organization, rule, per, _ = key.split(SEPARATOR)
        rule_set = self._rules.get(organization)
        budget = rule_set.budgets.get(rule) if rule_set is not None else None
        return budget.amount_major if budget is not None and budget.per == per else None

    def packed(self) -> bytes | None:
        """None where nothing changed."""
        return self._opened.packed() if self._opened is not None else None

    def outputs(self) -> list[Output]:
        """What is said to other lanes, each to its own partition."""
        messages = self._opened.outbox if self._opened is not None else []
        return [
            Output(
                Channel.BUDGETS,
                organization_of_message(message).encode(),
                encode_message(message),
                partition=message.receiver,
            )
            for message in messages
        ]


def unreadable(fault: BudgetsUnreadable) -> LoudStop:
    """What an operator is told of budgets that this release cannot read."""
    return LoudStop(
        f"In Redis {fault}.",
        "Run the release that wrote them, or rebuild the lane from the log "
        "(docs/runbooks/bad-log.md).",
    )
