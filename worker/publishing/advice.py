"""What an author is told before tiers change again."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rules_engine.author.load import load_rule_set
from rules_engine.checked import CheckedRuleSet
from rules_engine.difference import diff_rule_sets
from rules_engine.errors import RuleSetError
from worker.rules.history import HistoryRecord, Pushed

TWO_WEEKS = timedelta(days=14)
_TIERS = frozenset({"tier", "ladder"})


def changes_tiers(old: CheckedRuleSet | None, new: CheckedRuleSet) -> bool:
    """Does a ladder pay otherwise, or not at all any more? The first set changes nothing."""
    return old is not None and any(change.subject in _TIERS for change in diff_rule_sets(old, new))


def recent_change_of_tiers(
    pushes: Sequence[HistoryRecord], new: CheckedRuleSet, now: datetime
) -> Pushed | None:
    """The push of the last two weeks that changed tiers, where `new` changes them again: what the
    first change did cannot be told apart from what the second does (seeds, on ladders: no more
    than one change of tiers in two weeks). `pushes`: of the organization, oldest first."""
    sets = [(each.pushed, _loaded(each)) for each in pushes]
    if not sets or not changes_tiers(sets[-1][1], new):
        return None
    changes = list(_changes(sets, now))
    return changes[-1] if changes else None


def _changes(
    sets: Sequence[tuple[Pushed | None, CheckedRuleSet | None]], now: datetime
) -> Iterator[Pushed]:
    for (_, before), (pushed, after) in pairwise(sets):
        if pushed is None or after is None:
            continue
        at = datetime.fromisoformat(pushed.at).astimezone(UTC)
        if now - at < TWO_WEEKS and changes_tiers(before, after):
            yield pushed


def _loaded(entry: HistoryRecord) -> CheckedRuleSet | None:
    try:
        return load_rule_set(entry.text, f"{entry.organization} {entry.version}")
    except RuleSetError:
        return None
