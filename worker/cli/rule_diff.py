"""`loyalty rules diff`: what was changed between two versions, in words of rules and amounts."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.wording import counted
from worker.cli.output import Format, FormatOption, print_json, say
from worker.cli.rule_sets import check_files, rule_files

if TYPE_CHECKING:
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.difference import Change

    _Pair = tuple[CheckedRuleSet | None, CheckedRuleSet | None]


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A rule set, or a directory of some.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to become.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Show what is another in NEW: rules, tiers, amounts, limits. Order and layout do not count."""
    before, after = _by_organization(old), _by_organization(new)
    if len(before) == len(after) == 1:
        # Two files are compared as they are, also where the organization is what was changed.
        [was], [now] = before.values(), after.values()
        pairs: list[_Pair] = [(was, now)]
    else:
        pairs = [(before.get(each), after.get(each)) for each in sorted({*before, *after})]
    answers = [_Answer(was, now) for was, now in pairs]
    if form is Format.JSON:
        print_json([answer.as_json() for answer in answers])
        return
    for answer in answers:
        for line in answer.lines():
            print(line)
    if not any(answer.lines() for answer in answers):
        say("no difference")


class _Answer:
    """One organization, in one of the two or in both."""

    def __init__(self, old: "CheckedRuleSet | None", new: "CheckedRuleSet | None") -> None:
        from rules_engine.difference import diff_rule_sets

        self._old, self._new = old, new
        self._changes: tuple[Change, ...] = ()
        if old is not None and new is not None:
            self._changes = diff_rule_sets(old, new)

    def lines(self) -> list[str]:
        old, new = self._old, self._new
        if old is None or new is None:
            there = old or new
            assert there is not None
            word = "removed" if new is None else "added"
            return [f"{there.organization_id}: {word}, {counted(len(there.rules), 'rule')}"]
        lines = [line for change in self._changes for line in change.lines()]
        return [f"{new.organization_id}: {old.version} → {new.version}", *lines] if lines else []

    def as_json(self) -> dict[str, Any]:
        return {
            "old": _identity(self._old),
            "new": _identity(self._new),
            "changes": [
                {
                    "kind": change.kind,
                    "subject": change.subject,
                    "id": change.id,
                    "oldId": change.old_id,
                    "about": change.about,
                    "details": [asdict(each) | {"words": str(each)} for each in change.details],
                    "lines": change.lines(),
                }
                for change in self._changes
            ],
        }


def _identity(rule_set: "CheckedRuleSet | None") -> dict[str, str] | None:
    if rule_set is None:
        return None
    return {
        "organizationId": rule_set.organization_id,
        "version": rule_set.version,
        "contentHash": rule_set.content_hash,
    }


def _by_organization(path: str) -> dict[str, "CheckedRuleSet"]:
    """Raises RuleSetError, CommandFailed."""
    from rules_engine.errors import RuleSetError

    checked, findings = check_files(rule_files(path))
    if findings:
        raise RuleSetError(findings)
    return {rules.organization_id: rules for rules in checked.values()}
