"""Contenders in turns, on the same events, in one process and by CPU time."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any, TypeVar

from benchmarks.harness.errors import WrongCommands
from benchmarks.rules.book import Mix, book, rule_set_yaml
from benchmarks.rules.contenders import Asteval, Compiled, Contender, IndexedLambdas, Lambdas
from benchmarks.rules.traffic import pasts, traffic
from rules_engine.author import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from schemas.decoded import Event

OURS, LAMBDAS, INDEXED, ASTEVAL = "ours", "lambdas", "indexed", "asteval"
STATE = "state"
"""This engine without a rule set: what duplicates and counters alone cost."""
Made = TypeVar("Made")

_MOST_EVENTS = 2_000
_TURN_SECONDS = 0.1
"""A slow contender's turn has fewer events: it takes about this long."""


@dataclass(frozen=True)
class Compilation:
    """Seconds of CPU from YAML text to a rule set that can run."""

    load_and_check: float
    compile: float

    @property
    def seconds(self) -> float:
        return self.load_and_check + self.compile


@dataclass(frozen=True)
class Cell:
    """One size of book under one mix. `micros`: CPU per event, median; `times`: how many times
    this engine's, median over the turns; `events`: on how many the firings were compared."""

    size: int
    mix: str
    firings_per_event: float
    compilation: Compilation
    micros: dict[str, float]
    times: dict[str, float]
    events: dict[str, int]


def growth(few: int, many: int, mix: Mix, repetitions: int, seed: int) -> float:
    """How many times the cost of an event with `few` rules it has with `many`: both in turns on
    the same events, median over the turns."""
    history = pasts(seed)
    events = list(islice(traffic(seed), _MOST_EVENTS * (repetitions + 1)))
    sets = [_compiled(rule_set_yaml(book(size, mix, seed)))[0] for size in (few, many)]
    gc.collect()
    gc.freeze()
    players = [_Player(Compiled(rule_set, history), events) for rule_set in sets]
    for player in players:
        player.warm_up()
    for turn in range(repetitions):
        for player in players[:: 1 if turn % 2 else -1]:
            player.play()
    gc.unfreeze()
    first, last = players
    return median(many / few for few, many in zip(first.micros, last.micros, strict=True))


def measure(size: int, mix: Mix, repetitions: int, seed: int) -> Cell:
    """1. Everyone is made from the same book. 2. They take turns; each turn goes on in the stream
    of events where the contender's last one ended. 3. Where two have seen the same event they must
    have fired the same rules with the same amounts.

    Raises WrongCommands where they have not.
    """
    # 1.
    rules, history = book(size, mix, seed), pasts(seed)
    compiled, compilation = _compiled(rule_set_yaml(rules))
    made: dict[str, Contender] = {
        OURS: Compiled(compiled, history),
        LAMBDAS: Lambdas(rules, history),
        INDEXED: IndexedLambdas(rules, history),
        ASTEVAL: Asteval(rules, history),
    }
    events = list(islice(traffic(seed), _MOST_EVENTS * (repetitions + 1)))
    # 2.
    gc.collect()
    gc.freeze()
    everyone = {**made, STATE: Compiled(None, history)}
    players = {name: _Player(contender, events) for name, contender in everyone.items()}
    for player in players.values():
        player.warm_up()
    names = list(players)
    for turn in range(repetitions):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            players[name].play()
    gc.unfreeze()
    # 3.
    firings = {name: players[name].firings() for name in made}
    compare(firings, size, mix)
    ours = players[OURS].micros
    return Cell(
        size=size,
        mix=mix.name,
        firings_per_event=sum(map(len, firings[OURS])) / len(firings[OURS]),
        compilation=compilation,
        micros={name: median(player.micros) for name, player in players.items()},
        times={
            name: median(theirs / own for theirs, own in zip(player.micros, ours, strict=True))
            for name, player in players.items()
            if name != OURS
        },
        events={name: len(found) for name, found in firings.items()},
    )


def _compiled(text: str) -> tuple[CompiledRuleSet, Compilation]:
    checked, load_seconds = _timed(lambda: load_rule_set(text, "book.yaml"))
    compiled, compile_seconds = _timed(lambda: compile_rule_set(checked))
    return compiled, Compilation(load_seconds, compile_seconds)


class _Player:
    """A contender on its way through the events. `micros`: CPU per event of each turn."""

    def __init__(self, contender: Contender, events: Sequence[Event]) -> None:
        self._contender, self._events = contender, events
        self._results: list[Any] = []
        self._per_turn = 1
        self.micros: list[float] = []

    def warm_up(self) -> None:
        """A turn that does not count: how many events fit into one?"""
        self._play(1)
        few = 4
        seconds = self._play(few)
        self._per_turn = max(few, min(_MOST_EVENTS, int(_TURN_SECONDS * few / seconds)))

    def play(self) -> None:
        self.micros.append(self._play(self._per_turn) / self._per_turn * 1e6)

    def _play(self, count: int) -> float:
        begin = len(self._results)
        turn = self._events[begin : begin + count]
        results, seconds = _timed(lambda: self._contender.run(turn))
        self._results += results
        return seconds

    def firings(self) -> list[tuple[tuple[str, str], ...]]:
        return self._contender.firings(self._results)


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    begin = time.process_time()
    made = make()
    return made, time.process_time() - begin


def compare(firings: dict[str, list[tuple[tuple[str, str], ...]]], size: int, mix: Mix) -> None:
    for name, found in firings.items():
        for number, (ours, theirs) in enumerate(zip(firings[OURS], found, strict=False)):
            if ours != theirs:
                raise WrongCommands(
                    f"{size} rules, {mix.name}: event {number} fires {ours} here and {theirs} "
                    f"for {name}"
                )
