"""The demo's totals computed from the traffic alone: decoder and engine, no lanes, no Kafka."""

from collections import Counter
from collections.abc import Iterable

from rules_engine.author.load import load_rule_set
from rules_engine.checked import CheckedRuleSet
from rules_engine.client import ClientState
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.evaluate import apply_event
from rules_engine.outcome import Origin
from schemas.decode import decode
from schemas.decoded import Rejected
from schemas.topics import DEFAULT_TOPICS, Channel
from worker.demo.embedded import SAMPLES
from worker.demo.traffic import DemoRecord


def load_sample() -> CheckedRuleSet:
    file = SAMPLES / "izi.yaml"
    return load_rule_set(file.read_text(), str(file))


class Recount:
    """Takes records one by one, keeps the clients, counts what comes out."""

    def __init__(self, rules: CompiledRuleSet) -> None:
        self.rules = rules
        self.clients: dict[str, ClientState] = {}
        self.commands: Counter[str] = Counter()
        self.rule_commands: Counter[tuple[str, str]] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self.duplicates = 0
        self.events = 0

    def take(self, records: Iterable[DemoRecord]) -> "Recount":
        for record in records:
            self._take(record)
        return self

    def _take(self, record: DemoRecord) -> None:
        self.events += 1
        channel = Channel(record.channel)
        event = decode(record.value, record.key, channel, lambda _: self.rules.minor_digits)
        if isinstance(event, Rejected):
            self.dead_letters[event.code] += 1
            return
        client = self.clients.get(event.client_id, ClientState())
        origin = Origin(DEFAULT_TOPICS[channel], 0, self.events)
        outcome = apply_event(self.rules, client, event, origin)
        if outcome.rejected is not None:
            self.dead_letters[outcome.rejected.code] += 1
            return
        self.duplicates += outcome.duplicate
        self.clients[event.client_id] = outcome.client
        for command in outcome.commands:
            self.commands[command.type] += 1
            self.rule_commands[command.rule_id, command.type] += 1

    def summary(self) -> dict[str, object]:
        return {
            "events": self.events,
            "commands": dict(self.commands),
            "deadLetters": dict(self.dead_letters),
        }


def recount(records: Iterable[DemoRecord]) -> Recount:
    return Recount(compile_rule_set(load_sample())).take(records)
