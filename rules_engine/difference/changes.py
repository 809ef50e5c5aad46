"""What was changed between two rule sets: data, and the line that says it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    RENAMED = "RENAMED"
    CHANGED = "CHANGED"


_MARKS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.RENAMED: ">", Kind.CHANGED: "~"}

_ABSENT = {
    "switched": "on",
    "when": "always",
    "window": "at any time",
    "valid from": "no bound",
    "valid until": "no bound",
    "clubs": "all",
    "for groups": "everybody",
    "not for groups": "nobody",
    "first top-up only": "no",
    "new member": "any client",
    "dormant": "any client",
    "priority": "0",
    "expires": "never",
    "credit expires": "never",
    "only for": "anything",
    "credit only for": "anything",
    "into ends": "never",
}
"""What a setting means where it is not written; of others there is none."""


@dataclass(frozen=True)
class Detail:
    """One thing that is another now; None: it was not there, or is not any more."""

    what: str
    before: str | None
    after: str | None
    words: str = ""
    """Where `what: before → after` would not say it well."""

    def __str__(self) -> str:
        absent = _ABSENT.get(self.what, "none")
        return self.words or f"{self.what}: {self.before or absent} → {self.after or absent}"


@dataclass(frozen=True)
class Change:
    """`subject`: `rule`, `tier`, `ladder` (all its tiers alike), `exclusivity group`, `product`,
    `club`, `all rules` or `rule set`; `id` names it, `old_id` is what a renamed one was called.
    `about`: what was added or removed, in words.
    """

    kind: Kind
    subject: str
    id: str = ""
    details: tuple[Detail, ...] = ()
    old_id: str = ""
    about: str = ""

    def lines(self) -> list[str]:
        """One line per detail: `~ tier everyday.anchor: 12 % → 14 % from 400`."""
        mark, named = _MARKS[self.kind], f"{self.subject} {self.id}".rstrip()
        if self.kind in (Kind.ADDED, Kind.REMOVED):
            return [f"{mark} {named}: {self.about}"]
        changed = [f"{_MARKS[Kind.CHANGED]} {named}: {detail}" for detail in self.details]
        if self.kind is Kind.RENAMED:
            renamed = f"{mark} {self.subject} {self.old_id} → {self.id}: {self.about}"
            return [renamed, *changed]
        return changed
