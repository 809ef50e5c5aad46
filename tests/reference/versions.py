"""The product's simulation with a rule set that changes on the way, as a lane's does between two
batches: clients, counters, budgets and the position stay, everything else is the new set's."""

from collections.abc import Iterator, Mapping, Sequence

from rules_engine.books.around import ALONE
from rules_engine.compile import CompiledRuleSet
from rules_engine.simulate import Simulated, _Simulation
from rules_engine.timers.held import HeldCandidates
from rules_engine.timers.walk import TimerWalk


class VersionedSimulation(_Simulation):
    """`versions`: by the line before which each comes into force."""

    def __init__(self, first: CompiledRuleSet, versions: Mapping[int, CompiledRuleSet]) -> None:
        super().__init__(first)
        self._versions = versions

    def run(self, lines: Sequence[bytes], until: int | None) -> Iterator[Simulated]:  # type: ignore[override]
        for number, line in enumerate(lines):
            if number in self._versions:
                self._change(self._versions[number])
            if value := line.strip(b"\r\n"):
                yield from self._take(number, value)
        if until is not None:
            yield from self._ring(len(lines), until)

    def _change(self, rule_set: CompiledRuleSet) -> None:
        """The new set meets an index that is made anew from the clients' values."""
        self._rule_set = rule_set
        candidates = HeldCandidates(0)
        for key, client in self._clients._clients.items():
            candidates.changed(key, None, client)
        rule_sets = {rule_set.organization_id: rule_set}
        self._walk = TimerWalk(rule_sets, self._clients, candidates, self._walk.position, ALONE)
