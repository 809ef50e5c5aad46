"""Proofs that are begun before they are asked for: which, how many, and what becomes of them."""

import asyncio

import pytest

from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import RuleSetError
from tests.unit.rules.test_prover import BAD, SET
from worker.errors import ProverUnavailable
from worker.rules.ahead import ProofsAhead
from worker.rules.prover import ProverHere
from worker.rules.texts import rule_text

FILES = [f"{name}.yaml" for name in "abcde"]


class Watched(ProverHere):
    """Tells what is under way; `busy` gets no answer, `bad` a refusal."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.under_way: set[str] = set()
        self.busy = self.bad = ""

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        self.begun.append(file)
        self.under_way.add(file)
        try:
            await asyncio.sleep(0)
            if file == self.busy:
                raise ProverUnavailable("too busy")
            return await super().prove(BAD if file == self.bad else text, file)
        finally:
            self.under_way.discard(file)


@pytest.fixture(name="prover")
def _prover() -> Watched:
    return Watched()


def ahead(prover: Watched) -> ProofsAhead:
    sets = {file: SET.replace("izi", file[0]) for file in FILES}
    return ProofsAhead(prover, [(file, rule_text(text)) for file, text in sets.items()])


async def test_each_is_proven_once_and_one_ahead(prover: Watched) -> None:
    async with ahead(prover) as proofs:
        for number, file in enumerate(FILES, start=1):
            assert (await proofs.of(file)).organization_id == file[0]
            await asyncio.sleep(0)
            assert prover.begun == FILES[: number + 1]
    assert prover.under_way == set()


async def test_one_that_is_refused_or_not_proven_keeps_no_other_back(prover: Watched) -> None:
    prover.busy, prover.bad = "b.yaml", "c.yaml"
    async with ahead(prover) as proofs:
        found = []
        for file in FILES:
            try:
                found.append((await proofs.of(file)).organization_id)
            except (ProverUnavailable, RuleSetError) as error:
                found.append(type(error).__name__)
    assert found == ["a", "ProverUnavailable", "RuleSetError", "d", "e"]


async def test_what_nobody_asks_for_any_more_is_given_up(prover: Watched) -> None:
    async def stopped() -> None:
        async with ahead(prover) as proofs:
            await proofs.of("a.yaml")
            await asyncio.sleep(0)
            raise OSError("the history is away")

    with pytest.raises(OSError, match="the history is away"):
        await stopped()
    assert prover.begun == ["a.yaml", "b.yaml"]
    assert prover.under_way == set()


async def test_some_may_be_left_out(prover: Watched) -> None:
    async with ahead(prover) as proofs:
        assert (await proofs.of("c.yaml")).organization_id == "c"
        assert (await proofs.of("e.yaml")).organization_id == "e"
    assert prover.under_way == set()
