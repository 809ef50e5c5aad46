"""The rule sets of a rebuild: a log names those of many organizations again and again."""

import pytest

from rules_engine.compile import CompiledRuleSet
from worker.errors import LoudStop
from worker.rebuild import rules
from worker.rebuild.rules import LoggedRules
from worker.rules.compiled import MOST_EARLIER
from worker.rules.fakes import MemoryHistory
from worker.rules.ports import StoredRules
from worker.rules.prover import ProverHere

TEXT = """
organizationId: {organization}
version: "1"
timeZone: Europe/Moscow
currency: RUB
rules: []
"""
MANY = MOST_EARLIER + 4


class CountingProver(ProverHere):
    compiled = 0

    async def compile(self, text: str, file: str) -> CompiledRuleSet:
        CountingProver.compiled += 1
        return await super().compile(text, file)


def history() -> MemoryHistory:
    """Of organization `o3` a set whose plans call it `h3`."""
    held = MemoryHistory()
    for number in range(MANY):
        name = f"o{number}"
        text = TEXT.format(organization=name)
        held.add(StoredRules(name, "1", f"h{number}", f"{name}.yaml", text))
    return held


async def test_the_sets_that_a_lane_met_last_are_compiled_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "ProverHere", CountingProver)
    monkeypatch.setattr(CountingProver, "compiled", 0)
    logged = LoggedRules(history())
    lane = logged.lane()
    named: dict[str, str | None] = {f"o{number}": f"h{number}" for number in range(MANY)}
    named["without"] = None
    for _ in range(3):
        await lane.learn(named)
        found = lane.rules_of(named)
    assert found.keys() == named.keys() - {"without"}
    assert CountingProver.compiled == MANY
    logged.forget(lane)
    await logged.lane().learn({"o1": "h1"})
    assert CountingProver.compiled == MANY, "what a lane leaves is still there for the next"


async def test_a_set_that_the_history_does_not_hold_is_told() -> None:
    lane = LoggedRules(history()).lane()
    await lane.learn({"o1": "gone"})
    with pytest.raises(LoudStop, match="rule set gone of o1"):
        lane.rules_of({"o1": "gone"})
    assert not lane.rules_of(None)
