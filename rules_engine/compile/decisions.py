"""One generated function per set of candidates: which of them fire for an event.

The candidates of a club stand in matching order. Where their thresholds differ the function
branches on the indexed number first, so that only rules which can fire for such an amount are
looked at. Inside a branch every rule is a few nested conditions with `fire` at their end; a
rule of an exclusivity group is passed over once a rule of the group holds it. What several
candidates ask is worked out by the first of them that gets so far.

    def decide(e, c, o, b, k=k0):
        topupAmountMajor = e.topup_amount_major
        g0 = False
        out = None
        if topupAmountMajor < f_0:
            ...
        elif not g0 and topupAmountMajor >= f_0:
            g0 = x_fire(out := out or x_begin(x_terms, e, c, o, b, k), r7)
        return out
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rules_engine.compile.bounds import Interval
from rules_engine.compile.conditions import Conditions, Dialect, Test

FIRE, FIRE_CREDIT, FIRE_TIMER = "x_fire", "x_fire_credit", "x_fire_timer"
"""The globals that hold `firing.fire`, `firing.fire_credit` and `timers.firing.fire_timer`."""
BEGIN, BEGIN_TIMER = "x_begin", "x_begin_timer"
"""The globals that hold `firing.begin` and `timers.firing.begin_timer`."""
_BRANCH_FROM = 2
"""Fewer thresholds than this are not worth a branch."""
_MOST_LEFT = 1.9
"""Nor is a branch that leaves nearly all candidates on both of its sides."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule as the generated code sees it. `name`: the global that holds its plan; `fires`: the
    one that carries it out."""

    name: str
    conditions: Conditions
    exclusive: str | None
    fires: str


@dataclass
class Decision:
    """Writes one function. `copies`: how often a candidate may be written once more, on average,
    because it can fire in several branches; `begin`: the global that begins a run."""

    dialect: Dialect
    candidates: Sequence[Candidate]
    copies: int
    begin: str = BEGIN
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        asked = Counter(
            test.source
            for each in self.candidates
            for test in {*each.conditions.early, *each.conditions.late}
            if test.is_shared
        )
        self.shared = {
            source: f"s{number}"
            for number, source in enumerate(sorted(s for s, times in asked.items() if times > 1))
        }
        groups = Counter(each.exclusive for each in self.candidates if each.exclusive is not None)
        self._flags = {
            group: f"g{number}"
            for number, group in enumerate(sorted(g for g, times in groups.items() if times > 1))
        }

    def text(self, name: str, calendar: str) -> str:
        """The text of the function. `calendar`: the global that holds its calendar."""
        self.lines = [f"def {name}(e, c, o, b, k={calendar}):"]
        self._prologue()
        self._branch(self.candidates, None, None, self.copies * len(self.candidates), 1)
        self._write(1, "return out")
        return "\n".join(self.lines) + "\n"

    def _write(self, level: int, line: str) -> None:
        self.lines.append(" " * level + line)

    def _prologue(self) -> None:
        tests = [
            test
            for each in self.candidates
            for test in (*each.conditions.early, *each.conditions.late)
        ]
        indexed = self.dialect.indexed
        bounded = any(each.conditions.interval != Interval() for each in self.candidates)
        if indexed is not None and (bounded or any(indexed in test.needs for test in tests)):
            self._write(1, f"{indexed} = {self.dialect.definition(indexed)}")
        lazy = sorted({name for test in tests for name in test.needs} - {indexed})
        unset = [*lazy, *self.shared.values()]
        if unset:
            self._write(1, " = ".join([*unset, "x_unset"]))
        if self._flags:
            self._write(1, " = ".join([*self._flags.values(), "False"]))
        self._write(1, "out = None")

    def _branch(
        self,
        candidates: Sequence[Candidate],
        start: Decimal | None,
        end: Decimal | None,
        spare: int,
        level: int,
    ) -> None:
        """The candidates for `start <= indexed number < end`, all of which can fire there. Both
        sides of a branch share the copies to `spare` by their size."""
        cuts = {cut for each in candidates for cut in each.conditions.interval.cuts(start, end)}
        if len(cuts) < _BRANCH_FROM:
            self._leaf(candidates, start, end, level)
            return
        middle = sorted(cuts)[len(cuts) // 2]
        below = [each for each in candidates if each.conditions.interval.meets(start, middle)]
        above = [each for each in candidates if each.conditions.interval.meets(middle, end)]
        both = len(below) + len(above)
        spare -= both - len(candidates)
        if spare < 0 or both > _MOST_LEFT * len(candidates):
            self._leaf(candidates, start, end, level)
            return
        share = spare * len(below) // max(both, 1)
        self._write(level, f"if {self.dialect.indexed} < {self.dialect.literals.number(middle)}:")
        self._branch(below, start, middle, share, level + 1)
        self._write(level, "else:")
        self._branch(above, middle, end, spare - share, level + 1)

    def _leaf(
        self,
        candidates: Sequence[Candidate],
        start: Decimal | None,
        end: Decimal | None,
        level: int,
    ) -> None:
        if not candidates:
            self._write(level, "pass")
        seen: set[str] = set()
        known = _Known()
        for each in candidates:
            flag = self._flags.get(each.exclusive) if each.exclusive is not None else None
            _Rule(self, each, flag, known, level).write(start, end, flag in seen)
            if flag is not None:
                seen.add(flag)


@dataclass
class _Known:
    """The locals of one branch: `surely` and `perhaps` set by the rules that stand before."""

    surely: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)


@dataclass
class _Rule:
    """Writes one rule into one branch. `here`: locals that are certainly set at this place."""

    decision: Decision
    candidate: Candidate
    flag: str | None
    known: _Known
    level: int
    here: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    is_open: bool = False

    def write(self, start: Decimal | None, end: Decimal | None, may_be_held: bool) -> None:
        dialect, conditions = self.decision.dialect, self.candidate.conditions
        if may_be_held:
            self.waiting.append(f"not {self.flag}")
        indexed = dialect.indexed or ""
        self.waiting += conditions.interval.tests(indexed, start, end, dialect.literals)
        self.here |= {indexed, *self.known.surely}
        for test in conditions.early:
            self._prepare(test)
            self.waiting.append(self._asked(test))
        self._open()
        if conditions.late:
            self._late(conditions.late)
        held = f"{self.flag} = " if self.flag is not None else ""
        self._line(f"{held}{self.candidate.fires}({self._run()}, {self.candidate.name})")

    def _line(self, line: str) -> None:
        self.decision.lines.append(" " * self.level + line)

    def _open(self) -> None:
        """One `if` for all conditions that wait; what follows stands inside it."""
        if self.waiting:
            self._line(f"if {' and '.join(self.waiting)}:")
            self.waiting = []
            self.level += 1
            self.is_open = True

    def _prepare(self, test: Test) -> None:
        for name in test.needs:
            if name not in self.here:
                self._open()
                self._set(name)

    def _set(self, name: str) -> None:
        """Work a local out, unless a rule before has done so."""
        definition = f"{name} = {self.decision.dialect.definition(name)}"
        if name in self.known.perhaps:
            self._line(f"if {name} is x_unset:")
            self._line(f" {definition}")
        else:
            self._line(definition)
        self.here.add(name)
        self.known.perhaps.add(name)
        if not self.is_open:
            self.known.surely.add(name)

    def _asked(self, test: Test) -> str:
        shared = self.decision.shared.get(test.source)
        if shared is None:
            return f"({test.source})"
        return f"({shared} if {shared} is not x_unset else ({shared} := {test.source}))"

    def _late(self, tests: Iterable[Test]) -> None:
        """A condition that fails fails its rule only."""
        for test in tests:
            self._prepare(test)
        self._line("try:")
        self._line(f" m = {' and '.join(map(self._asked, tests))}")
        self._line("except x_failures as error:")
        self._line(f" m = x_fail({self._run()}, {self.candidate.name}, error)")
        self.waiting.append("m")
        self._open()

    def _run(self) -> str:
        return f"out := out or {self.decision.begin}(x_terms, e, c, o, b, k)"
