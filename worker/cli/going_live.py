"""A checked set goes live: compared with what is, asked for, published, waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from worker.cli.failure import CommandFailed
from worker.cli.output import confirm, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings
    from rules_engine.checked import CheckedRuleSet
    from worker.publishing.awaiting import Answers
    from worker.publishing.catalog import Catalog
    from worker.publishing.publish import Push


def go_live(
    settings: "Settings",
    text: str,
    checked: "CheckedRuleSet",
    who: tuple[str, str],
    base: str | None,
    yes: bool,
    timeout: float,
    is_back: bool = False,
) -> "tuple[CheckedRuleSet, Push, Answers]":
    """Compare, see that there is room, ask, publish, wait. The question is asked outside of a loop:
    a loop takes Ctrl-C for the end of its task, and the question would stay."""
    from worker.publishing.awaiting import await_applied
    from worker.publishing.catalog import read_catalog
    from worker.publishing.publish import publish
    from worker.publishing.room import require_room
    from worker.rules.texts import rule_text

    catalog = wait(read_catalog(settings))
    push = _compared(catalog, checked, text, who, base, is_back)
    wait(require_room(settings, push))
    if not yes:
        _confirm(checked)
    name = f"{checked.organization_id} {checked.version}"
    with _ended_by_hand(f"{name} may be live or not"):
        wait(publish(settings, push))
    say(f"Published {name} ({checked.content_hash[:12]}).")
    with _ended_by_hand(f"{name} is published, but nobody waited for the workers"):
        answers = wait(
            await_applied(
                lambda: read_catalog(settings),
                checked.organization_id,
                checked.content_hash,
                rule_text(text).content_hash,
                timeout,
            )
        )
    return checked, push, answers


def _compared(
    catalog: "Catalog",
    checked: "CheckedRuleSet",
    text: str,
    who: tuple[str, str],
    base: str | None,
    is_back: bool,
) -> "Push":
    """The push, its difference from what is live shown. Raises StaleBase."""
    from worker.publishing.errors import StaleBase
    from worker.publishing.publish import Push

    live = catalog.live.get(checked.organization_id)
    found = None if live is None else live.content_hash or "?"
    if base is not None and not _is_meant(base, found):
        raise StaleBase(checked.organization_id, base, live)
    _show_difference(catalog, checked)
    if found == checked.content_hash:
        raise CommandFailed(f"{checked.organization_id} {checked.version} is live already")
    return Push(checked, text, *who, base=found, is_back=is_back)


def _is_meant(base: str, live: str | None) -> bool:
    """By as much of the hash as `loyalty rules status` shows, or any other beginning."""
    from worker.publishing.earlier import SHORTEST_HASH

    return live is not None and len(base) >= SHORTEST_HASH and live.startswith(base)


@contextmanager
def _ended_by_hand(how_it_stands: str) -> Iterator[None]:
    """From here on Ctrl-C is no longer nothing done."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandFailed(
            f"stopped: {how_it_stands}; `loyalty rules status` tells how it goes on"
        ) from None


def _show_difference(catalog: "Catalog", checked: "CheckedRuleSet") -> None:
    from rules_engine.difference import diff_rule_sets
    from worker.publishing.advice import recent_change_of_tiers

    live = catalog.live.get(checked.organization_id)
    if live is None:
        say(f"{checked.organization_id} has no live set yet.")
        return
    if live.checked is None:
        say(f"The live set of {checked.organization_id} is one that this release refuses.")
        return
    say(f"{checked.organization_id}: {live.checked.version} → {checked.version}")
    lines = [line for each in diff_rule_sets(live.checked, checked) for line in each.lines()]
    for line in lines or ["no difference in what it does"]:
        say(f"  {line}")
    pushes = catalog.pushes_of(checked.organization_id)
    recent = recent_change_of_tiers(pushes, checked, datetime.now(UTC))
    if recent is not None:
        say(
            f"warning: tiers were changed on {recent.at[:10]} already ({recent.author}: "
            f"{recent.reason}). Leave two weeks between changes of tiers, or nobody can tell what "
            "each of them did."
        )


def _confirm(checked: "CheckedRuleSet") -> None:
    question = f"Publish {checked.organization_id} {checked.version} to all workers?"
    confirm(question)
