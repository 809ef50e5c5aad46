"""The rule sets of a rebuild: those of the history only, plans name them by hash."""

from collections.abc import Mapping

from config.settings import Settings
from schemas.topics import Channel
from worker.evaluation.budget_share import RuleSets
from worker.kafka.security import client_options
from worker.rules.compiled import CompiledSets
from worker.rules.history import KafkaRuleHistory
from worker.rules.ports import RuleHistory
from worker.rules.prover import ProverHere


class LoggedRules:
    """Of each organization the set that a lane met last stays compiled, lane by lane: a log of a
    thousand organizations names all of them again and again."""

    def __init__(self, history: RuleHistory) -> None:
        self._history = history
        self._lanes: list[RulesOfLane] = []
        self._sets = CompiledSets(history, ProverHere(), self._met_last)

    @classmethod
    def of(cls, settings: Settings) -> "LoggedRules":
        topic = settings.topic(Channel.RULES_HISTORY)
        return cls(KafkaRuleHistory(client_options(settings), topic))

    def lane(self) -> "RulesOfLane":
        of_lane = RulesOfLane(self._sets)
        self._lanes.append(of_lane)
        return of_lane

    def forget(self, of_lane: "RulesOfLane") -> None:
        """The lane is through."""
        self._lanes.remove(of_lane)

    async def close(self) -> None:
        await self._history.close()

    def _met_last(self) -> set[str]:
        return {name for of_lane in self._lanes for name in of_lane.latest.values()}


class RulesOfLane:
    """`worker.evaluation.evaluator.RuleBook`. `latest`: by organization the hash that was met
    last."""

    def __init__(self, sets: CompiledSets) -> None:
        self.latest: dict[str, str] = {}
        self._sets = sets

    async def learn(self, named: Mapping[str, str | None]) -> None:
        self.latest.update((org, name) for org, name in named.items() if name is not None)
        await self._sets.learn(named)

    def rules_of(self, named: Mapping[str, str | None] | None) -> RuleSets:
        """Those in force (None): a rebuild decides nothing anew."""
        names = named or {}
        by_hash = self._sets.by_hash
        return {org: by_hash(org, name) for org, name in names.items() if name is not None}
