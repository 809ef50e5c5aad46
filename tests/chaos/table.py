"""What a fault run found, by kind of fault."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tests.chaos.round import Fault, Round


class Line(Struct):
    """Seconds, medians and the most. `lasted`: from the strike until the fault itself was over;
    `served`: from the strike until every lane had answered an event sent after it; `settled`: from
    the end until every lane had answered one sent after that. All of faults that no other
    overlapped, where there were any."""

    kind: str
    faults: int
    alone: int
    lasted: float
    served: float
    served_most: float
    settled: float
    settled_most: float
    under_way: dict[str, int]


class Report(Struct):
    """`faults` by kind, and what the verifier found in all rounds."""

    seed: str
    rounds: int
    faults: int
    missed: int
    failed_starts: int
    inputs: int
    effects: int
    timers: int
    dead_letters: int
    plans: int
    void_plans: int
    unread: int
    lost: int
    doubled_or_extra: int
    wrong: int
    wrong_states: int
    late_lanes: int
    raw_repeats: int
    minutes: float
    kinds: list[Line]
    complaints: list[str]

    @property
    def clean(self) -> bool:
        effects = self.lost + self.doubled_or_extra + self.wrong
        left = self.unread + self.wrong_states + self.late_lanes
        return not (effects or left or self.complaints)


def report(seed: str, rounds: Sequence[Round]) -> Report:
    faults = [fault for each in rounds for fault in each.faults]
    kinds = list(dict.fromkeys(sorted(fault.kind for fault in faults)))
    verdicts = [each.verdict for each in rounds]
    return Report(
        seed=seed,
        rounds=len(rounds),
        faults=len(faults),
        missed=sum(each.missed for each in rounds),
        failed_starts=sum(each.failed_starts for each in rounds),
        inputs=sum(verdict.inputs for verdict in verdicts),
        effects=sum(verdict.due for verdict in verdicts),
        timers=sum(verdict.timers for verdict in verdicts),
        dead_letters=sum(verdict.dead_letters.total() for verdict in verdicts),
        plans=sum(verdict.plans for verdict in verdicts),
        void_plans=sum(verdict.void for verdict in verdicts),
        unread=sum(verdict.unread for verdict in verdicts),
        lost=sum(verdict.lost for verdict in verdicts),
        doubled_or_extra=sum(verdict.extra for verdict in verdicts),
        wrong=sum(verdict.differing for verdict in verdicts),
        wrong_states=sum(verdict.wrong_states + verdict.unindexed for verdict in verdicts),
        late_lanes=sum(verdict.late for verdict in verdicts),
        raw_repeats=sum(verdict.repeats for verdict in verdicts),
        minutes=round(sum(each.seconds for each in rounds) / 60, 1),
        kinds=[_line(kind, [fault for fault in faults if fault.kind == kind]) for kind in kinds],
        complaints=[f"{each.seed}: {told}" for each in rounds for told in each.complaints],
    )


def _line(kind: str, faults: Sequence[Fault]) -> Line:
    alone = [fault for fault in faults if fault.alone]
    timed = alone or faults
    lasted = sorted(fault.over - fault.began for fault in timed)
    served = sorted(fault.served for fault in timed)
    settled = sorted(fault.settled for fault in timed)
    under_way: Counter[str] = Counter()
    for fault in faults:
        under_way.update(fault.flights)
    return Line(
        kind,
        len(faults),
        len(alone),
        round(lasted[len(lasted) // 2], 2),
        round(served[len(served) // 2], 2),
        round(served[-1], 2),
        round(settled[len(settled) // 2], 2),
        round(settled[-1], 2),
        dict(sorted(under_way.items())),
    )


def as_json(told: Report) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=1).decode()


COLUMNS = ("faults", "alone", "lasted", "served", "served_most", "settled", "settled_most")
HEADINGS = ("faults", "alone", "lasted", "served", "at most", "settled", "at most")


def as_text(told: Report) -> str:
    head = f"{'seconds, medians':34}" + "".join(f"{name:>10}" for name in HEADINGS)
    lines = [head, *map(_row, told.kinds), ""]
    lines.append(
        f"seed {told.seed}: {told.faults} faults in {told.rounds} rounds, {told.minutes} minutes; "
        f"{told.missed} strikes hit nothing under way and do not count; "
        f"{told.failed_starts} starts failed while a server was away"
    )
    lines.append(
        f"{told.inputs:,} inputs, {told.effects:,} effects due, {told.timers:,} timers, "
        f"{told.dead_letters:,} dead letters; {told.plans:,} plans, {told.void_plans} void ones of "
        "owners whose term was over"
    )
    lines.append(
        f"lost {told.lost}, doubled or extra {told.doubled_or_extra}, wrong {told.wrong}, "
        f"wrong states {told.wrong_states}, inputs not taken exactly once {told.unread}; "
        f"lanes that left timers due {told.late_lanes}; raw repeats {told.raw_repeats}"
    )
    return "\n".join(lines + [f"COMPLAINT {complaint}" for complaint in told.complaints])


def _row(line: Line) -> str:
    cells: dict[str, Any] = msgspec.structs.asdict(line)
    return f"{line.kind:34}" + "".join(f"{cells[name]!s:>10}" for name in COLUMNS)
