"""Where rule sets come from, and where every one that ever decided is kept."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct


class RuleText(Struct, frozen=True):
    """A rule set as its author wrote it. `content_hash` is of these very bytes: it tells whether
    the text changed. The identity of a set is the hash of its meaning, which compiling gives.
    `organization`: whose set it must be; None where the source does not say. `unreadable`: why
    nobody can read what stands there, which says nothing of the others' sets."""

    text: str
    content_hash: str
    organization: str | None = None
    unreadable: str | None = None


class RuleSource(Protocol):
    """The rule sets that should be in force now."""

    async def read(self) -> Mapping[str, RuleText]:
        """Everything that the source holds at this moment, by file name (by organization where
        the source is a topic). Raises SourceUnavailable where it cannot be read to its end, and
        Misconfigured where it is not there at all."""

    async def changed(self, seconds: float) -> None:
        """Returns once something changed, as far as the source is told of changes; after `seconds`
        in any case."""

    async def close(self) -> None: ...


class StoredRules(Struct, frozen=True):
    """A rule set in the history. `content_hash`: of its meaning (`CompiledRuleSet`)."""

    organization: str
    version: str
    content_hash: str
    file: str
    text: str


class RuleHistory(Protocol):
    """Every rule set that decided, by hash. What was recorded stays."""

    async def load(self) -> None:
        """Read on to the end: at the first call from the beginning. Raises Unavailable."""

    def by_hash(self, content_hash: str) -> StoredRules | None: ...

    def latest(self, organization: str) -> StoredRules | None:
        """The last one that was recorded for the organization: its last good set."""

    def latest_of_file(self, file: str) -> StoredRules | None:
        """The last one that was recorded from the file."""

    async def record(self, stored: StoredRules) -> None:
        """Returns when it is kept for good. Raises OutcomeUnknown; recording again is safe."""

    async def close(self) -> None: ...
