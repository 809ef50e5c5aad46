"""(compiled rule set, client state, event) → Outcome. Pure: a function of its arguments alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import getcontext, setcontext

from rules_engine.budgets.port import Budgets, BudgetShort, NoBudgets
from rules_engine.client import ClientState, after_event, take_snapshot, with_group_change
from rules_engine.compile import CompiledRuleSet
from rules_engine.firing import Run
from rules_engine.formula.runtime import DECIMAL128
from rules_engine.memory import recall, remember
from rules_engine.outcome import Origin, Outcome
from schemas.dead_letters import Code
from schemas.decoded import Event, Rejected
from schemas.digests import content_digest, event_digest

NO_BUDGETS = NoBudgets()
_DECIMAL = DECIMAL128.copy()


@contextmanager
def evaluating() -> Iterator[None]:
    """Optional, around many calls of `apply_event`: the decimal context is then set only once."""
    before = getcontext()
    setcontext(_DECIMAL)
    try:
        yield
    finally:
        setcontext(before)


def apply_event(
    rule_set: CompiledRuleSet | None,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets = NO_BUDGETS,
) -> Outcome:
    """What an event comes to. `rule_set` is that of its organization, None while it has none.

    1. A remembered id is a duplicate, with other content a dead letter; neither has any effect.
    2. The snapshot that the event carries is read: what the CRM knew just before it.
    3. The rules of the event's trigger decide on the client as it was before the event. Refunds,
       manual operations and CLIENT_UPDATED trigger none.
       Where a budget's answer is not known yet, nothing happens and the outcome is `short`.
    4. The event moves the counters and is remembered; what the rules did is added.
    """
    # 1.
    digest, content = event_digest(event.event_id), content_digest(event)
    memory, at, latest = client.memory, event.occurred_at, client.latest_at
    if digest in memory and (known := recall(memory, digest, latest)) is not None:
        if known.content == content:
            return Outcome(client, duplicate=True)
        return Outcome(client, rejected=reused(event))
    # 2.
    before = client
    if event.snapshot is not None:
        before = take_snapshot(client, event.snapshot, at)
    # 3.
    try:
        run = _decide(rule_set, before, event, origin, budgets) if rule_set is not None else None
    except BudgetShort:
        return Outcome(client, short=True)
    # 4.
    if latest is None or latest < at:
        latest = at
    after = after_event(before, event, remember(memory, digest, content, at, latest))
    return Outcome(after) if run is None else _outcome(run, after)


def _decide(
    rule_set: CompiledRuleSet,
    client: ClientState,
    event: Event,
    origin: Origin,
    budgets: Budgets,
) -> Run | None:
    rules = rule_set.triggers.get(event.type)
    if rules is None:
        return None
    decide = rules.by_club.get(event.club_id, rules.elsewhere)
    before = getcontext()
    if before is _DECIMAL:  # inside `evaluating`
        return decide(event, client, origin, budgets)
    setcontext(_DECIMAL)
    try:
        return decide(event, client, origin, budgets)
    finally:
        setcontext(before)


def _outcome(run: Run, after: ClientState) -> Outcome:
    for group_id, assigned in run.group_changes:
        after = with_group_change(after, group_id, assigned, run.event.occurred_at)
    if run.ledger is not None:
        after = run.ledger.charged(after)
    return Outcome(after, run.commands, run.fired, run.rejections, run.truncated_pushes)


def reused(event: Event) -> Rejected:
    """Why an event whose id was taken with other content is not taken."""
    return Rejected(
        Code.EVENT_ID_REUSED,
        f"The client's event {event.event_id!r} was taken before with other content: "
        "send a changed event under an id of its own.",
    )
