"""`loyalty simulate --compare`: two rule sets over the same events, in money."""

import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from rules_engine.wording import counted
from worker.cli.failure import CommandFailed
from worker.cli.output import Format, print_json, standard_input
from worker.cli.replay import one_rule_set

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.compile import CompiledRuleSet
    from rules_engine.difference.outcomes import Amounts, Comparison
    from rules_engine.simulate import Simulated

    Replay = Callable[[CompiledRuleSet, str], Iterable[Simulated]]


def print_comparison(
    rules: str, other: str, events: str, top: int, form: Format, replay: "Replay"
) -> None:
    """Run the events through `rules` and through `other`; `top`: how many clients are named.
    `replay`: how a file of events is run. Raises CommandFailed, RuleSetError."""
    before, after = one_rule_set(rules), one_rule_set(other)
    _refuse_unlike(before, after)
    with NamedTemporaryFile(prefix="events-", suffix=".jsonl") as kept:
        if events == "-":  # it can be read once only, and is run twice
            copyfileobj(standard_input(), kept)
            kept.flush()
            events = kept.name
        comparison = _compared(before, after, events, replay)
    if form is Format.JSON:
        print_json(_as_json(comparison, before, after, top))
        return
    for line in _lines(comparison, before, after, top):
        print(line, file=sys.stdout)


def _compared(
    before: "CheckedRuleSet", after: "CheckedRuleSet", events: str, replay: "Replay"
) -> "Comparison":
    from rules_engine.compile import compile_rule_set
    from rules_engine.difference.outcomes import compare_outcomes, outcomes_of

    return compare_outcomes(
        outcomes_of(replay(compile_rule_set(before), events), before.organization_id),
        outcomes_of(replay(compile_rule_set(after), events), after.organization_id),
    )


def _refuse_unlike(before: "CheckedRuleSet", after: "CheckedRuleSet") -> None:
    for what, was, now in (
        ("organization", before.organization_id, after.organization_id),
        ("currency", before.currency, after.currency),
    ):
        if was != now:
            raise CommandFailed(
                f"the rule sets cannot be compared: one has the {what} {was}, the other {now}; "
                f"name two of one {what}"
            )


def _lines(
    found: "Comparison", before: "CheckedRuleSet", after: "CheckedRuleSet", top: int
) -> Iterator[str]:
    total, digits = found.total, after.minor_digits
    events = counted(found.events, "event")
    if found.dead_letters:
        events += f", {counted(found.dead_letters, 'dead letter')}"
    yield f"{after.organization_id} {before.version} → {after.version}, {events}"
    share = f", {_share(total)}" if total.before and total.difference else ""
    yield f"credited {_change(total, digits)} {after.currency}{share}"
    yield (
        f"clients: gaining {_side(found.gaining, digits)}, "
        f"losing {_side(found.losing, digits)}, unchanged {found.same}"
    )
    for kind, (was, now) in found.commands.items():
        yield f"  {kind}: {was} → {now}"
    for rule in found.rules:
        if not rule.is_changed:
            continue
        fired = f"{rule.firings_before} → {rule.firings_after} firings"
        yield f"  rule {rule.id}: {fired}, credited {_change(rule, digits)}"
    unchanged = sum(not rule.is_changed for rule in found.rules)
    if unchanged:
        yield f"  rules that came to the same: {unchanged}"
    for told, clients in (("gains", found.gaining), ("loses", found.losing)):
        for client in clients[:top]:
            yield f"  {client.id} {told}: {_change(client, digits)}"
        if len(clients) > top:
            yield f"  and {len(clients) - top} more"


def _change(amounts: "Amounts", digits: int) -> str:
    """`144.00 → 168.00 (+24.00)`"""
    difference = f" ({amounts.difference:+.{digits}f})" if amounts.difference else ""
    return f"{amounts.before:.{digits}f} → {amounts.after:.{digits}f}{difference}"


def _share(total: "Amounts") -> str:
    return f"{total.difference / total.before * 100:+.1f} %"


def _side(clients: "tuple[Amounts, ...]", digits: int) -> str:
    """`2 by 24.00`"""
    amount = sum((abs(each.difference) for each in clients), Decimal(0))
    return f"{len(clients)} by {amount:.{digits}f}" if clients else "0"


def _as_json(
    found: "Comparison", before: "CheckedRuleSet", after: "CheckedRuleSet", top: int
) -> dict[str, Any]:
    digits = after.minor_digits

    def told(amounts: "Amounts") -> dict[str, str]:
        return {
            "beforeMajor": f"{amounts.before:.{digits}f}",
            "afterMajor": f"{amounts.after:.{digits}f}",
            "differenceMajor": f"{amounts.difference:.{digits}f}",
        }

    def fired(amounts: "Amounts") -> dict[str, int]:
        return {
            "firingsBefore": amounts.firings_before,
            "firingsAfter": amounts.firings_after,
        }

    return {
        "organizationId": after.organization_id,
        "currency": after.currency,
        "versions": {"before": before.version, "after": after.version},
        "events": found.events,
        "deadLetters": found.dead_letters,
        "total": told(found.total) | fired(found.total),
        "commands": {
            kind: {"before": was, "after": now} for kind, (was, now) in found.commands.items()
        },
        "clients": {
            "gaining": len(found.gaining),
            "losing": len(found.losing),
            "same": found.same,
        },
        "rules": [{"ruleId": each.id} | told(each) | fired(each) for each in found.rules],
        "gains": [{"clientId": each.id} | told(each) for each in found.gaining[:top]],
        "losses": [{"clientId": each.id} | told(each) for each in found.losing[:top]],
    }
