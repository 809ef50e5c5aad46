"""A lane's state as the lane sees it: head, outbox, values, and an index beside them."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

CommitAnswer = Literal["OK", "DONE", "MOVED"]


class IndexRange(Struct, frozen=True):
    """Entries e of the index with first <= e < beyond in byte order, at most `most` of them."""

    first: bytes
    beyond: bytes
    most: int


class IndexChange(Struct, frozen=True):
    """What a commit does to the lane's index beside the values.

    `drop`: entries that the state before it has no need of; `add`: those that the state after it
    needs, be they there already or not. An entry in both is there afterwards.
    """

    add: Sequence[bytes] = ()
    drop: Sequence[bytes] = ()


UNCHANGED = IndexChange()


class Tables(Protocol):
    """One lane's state: a head, an outbox and values, all under one hash tag; beside them an index,
    a set of byte strings in their order, which may hold more than the state needs, never less."""

    async def peek(self) -> tuple[bytes, bytes]:
        """Head and outbox, b"" where there is none. One atomic read."""

    async def load(self, head: bytes, keys: Sequence[str]) -> list[bytes | None] | None:
        """Values by key, only if the head still is `head`; None: it moved."""

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        """old → new with outbox and values in one write command. Safe to repeat: DONE when the
        head already is `new`. Raises OutcomeUnknown; the same call again resolves it.

        The index changes before it, in the same round trip: `index.drop` only while the head is
        `old`, and the head becomes `new` only while every entry of `index.add` is there."""

    async def look(self, head: bytes, ranges: Sequence[IndexRange]) -> list[list[bytes]] | None:
        """Entries of each range of the index, ascending, only if the head still is `head`; None: it
        moved."""

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        """Delete values and entries that the state of `head` has no need of, if the head still is
        that. Safe to repeat; it may have been carried out in part, entries last."""

    async def trim(self, head: bytes) -> None:
        """Empty the outbox if the head still is `head`."""
