"""Tables that some requests reach long after whoever sent them gave them up: behind their own
repetition, behind the commits of other owners, behind a fall-back of the tables."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tests.simulation.tables import SimulatedTables
from tests.simulation.world import Step
from worker.errors import OutcomeUnknown, TablesUnavailable
from worker.tables.port import UNCHANGED, CommitAnswer, IndexChange

LATE = 0.1
"""Of all writes."""


class LateTables(SimulatedTables):
    """What arrives (`World.arrive`) is carried out as by the server: command by command, others in
    between."""

    async def commit(
        self,
        old: bytes,
        new: bytes,
        outbox: bytes,
        values: Mapping[str, bytes],
        index: IndexChange = UNCHANGED,
    ) -> CommitAnswer:
        if await self._is_late():
            apply = partial(self._apply, old, new, outbox, values, index)
            self._delay(partial(self._drop, old, index.drop), partial(self._add, index.add), apply)
            raise OutcomeUnknown("the request is under way")
        return await super().commit(old, new, outbox, values, index)

    async def tidy(self, head: bytes, entries: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        if await self._is_late():
            self._delay(partial(self._delete, head, keys), partial(self._drop, head, entries))
            raise TablesUnavailable("the request is under way")
        await super().tidy(head, entries, keys)

    async def trim(self, head: bytes) -> None:
        if await self._is_late():
            self._delay(partial(self._trim, head))
            raise TablesUnavailable("the request is under way")
        await super().trim(head)

    async def _is_late(self) -> bool:
        await Step()
        return self.world.chance(LATE)

    def _delay(self, *commands: Callable[[], object]) -> None:
        self.world.delayed.append(list(commands))
