"""A lane's budgets during one evaluation: messages in, messages out, charges in between."""

import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal

from rules_engine.budgets import holder, owner
from rules_engine.budgets.messages import (
    Body,
    Granted,
    Message,
    NoneLeft,
    Open,
    Recall,
    Request,
    Return,
)
from rules_engine.budgets.port import BudgetKey, Need, Verdict, organization_of
from rules_engine.budgets.state import BudgetState, Tried, pack_budgets, unpack_budgets


class Contradiction(Exception):
    """A gap in a channel, or an answer that was not asked for. While proposing a plan it means that
    this owner's state is stale; in a replay that the topic lost records."""


LimitOf = Callable[[BudgetKey], Decimal | None]
"""The amount that the rule set in force gives a budget; None where it has no such budget."""


def owner_lane(organization_id: str, lanes: int) -> int:
    """The lane that holds the ledgers of an organization: one for all its budgets, since two owners
    deadlock or refuse what fits."""
    digest = hashlib.sha256(organization_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % lanes


class LaneBudgets:
    """`limit_of` answers for the rule sets of this plan. `outbox` collects what is sent."""

    def __init__(self, packed: bytes, lane: int, lanes: int, unit: Decimal) -> None:
        self._packed = packed
        self.state: BudgetState = unpack_budgets(packed)
        self.lane = lane
        self.lanes = lanes
        self.unit = unit
        self.outbox: list[Message] = []
        self._verdicts: dict[str, bool] = {}
        self._short: tuple[str, tuple[Need, ...]] = ("", ())

    def owner_of(self, organization_id: str) -> int:
        return owner_lane(organization_id, self.lanes)

    def expect_answer(self) -> Tried:
        """What the lane waits for. Raises Contradiction where it waits for nothing."""
        tried = self.state.tried
        if tried is None or not tried.asking:
            raise Contradiction("an answer that was not asked for")
        return tried

    @staticmethod
    def contradiction(what: str) -> Contradiction:
        return Contradiction(what)

    def packed(self) -> bytes | None:
        """The state after the evaluation; None where nothing changed."""
        packed = pack_budgets(self.state)
        return None if packed == (self._packed or pack_budgets(BudgetState())) else packed

    def send(self, receiver: int, body: Body) -> None:
        number = self.state.sent.get(receiver, 0) + 1
        self.state.sent[receiver] = number
        self.outbox.append(Message(self.lane, receiver, number, body))

    def receive(self, message: Message, limit_of: LimitOf) -> None:
        """Raises Contradiction."""
        seen = self.state.seen.get(message.sender, 0)
        if message.number <= seen:
            return
        if message.number != seen + 1:
            raise Contradiction(
                f"message {message.number} of lane {message.sender} came after {seen}"
            )
        self.state.seen[message.sender] = message.number
        body = message.body
        if isinstance(body, Granted):
            holder.granted(self, body)
        elif isinstance(body, NoneLeft):
            holder.none_left(self, body)
        elif isinstance(body, Recall):
            holder.recalled(self, body, message.sender)
        elif isinstance(body, Open):
            self.state.bounds.pop(body.key, None)
        elif isinstance(body, Request):
            owner.requested(self, body, message.sender, limit_of)
        elif isinstance(body, Return):
            owner.returned(self, body, message.sender, limit_of)

    def give_back(self, key: BudgetKey, amount: Decimal) -> None:
        """A credit was revoked: its amount goes to the owner at once."""
        self.send(self.owner_of(organization_of(key)), Return(key, amount, 0))

    # ------------------------------------------------------------------ one record

    def begin(self, topic: str, offset: int) -> None:
        """A record is about to be decided, perhaps again."""
        tried = self.state.tried
        known = tried is not None and (tried.topic, tried.offset) == (topic, offset)
        self._verdicts = dict(tried.verdicts) if tried is not None and known else {}

    def charge(self, rule_id: str, needs: Sequence[Need]) -> Verdict:
        """`Budgets.charge`; SHORT leaves everything but the verdicts to `cut`."""
        if rule_id in self._verdicts:
            return Verdict.CHARGED if self._verdicts[rule_id] else Verdict.REFUSED
        verdict = holder.try_to_charge(self.state, needs)
        if verdict is Verdict.SHORT:
            self._short = (rule_id, tuple(needs))
        else:
            self._verdicts[rule_id] = verdict is Verdict.CHARGED
        return verdict

    def cut(self, topic: str, offset: int, organization_id: str, rules: str, wall: int) -> None:
        """The record's last charge was SHORT: ask the owner, and keep what is settled of it."""
        rule_id, needs = self._short
        old = self.state.tried
        self.state.tried = Tried(
            topic,
            offset,
            organization_id,
            rules,
            old.wall if old is not None else wall,
            self._verdicts,
            rule_id,
            needs,
        )
        holder.ask(self, needs)

    def done(self) -> None:
        """The record is decided and applied."""
        self.state.tried = None
