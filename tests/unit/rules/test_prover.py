"""One suite over both provers; the process alone has bounds."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from rules_engine.client import ClientState
from rules_engine.errors import RuleSetError
from rules_engine.evaluate import apply_event
from rules_engine.outcome import Origin
from schemas.decoded import BalanceToppedUp
from schemas.wire import AddBonus
from worker.errors import ProverUnavailable
from worker.rules.prover import Prover, ProverHere, ProverProcess

SET = """
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
clubs: [{clubId: club-9, timeZone: Asia/Yekaterinburg}]
ladders:
  - id: everyday
    tiers: [{id: entry, atLeast: 200, percent: 5}, {id: anchor, atLeast: 400, percent: 12}]
rules:
  - id: late
    trigger: BALANCE_TOPPED_UP
    when: hour >= 23 or topupAmountMajor * 2 > 900
    actions: [{type: ADD_BONUS, formula: "min(percent(topupAmountMajor, 3), 20)"}]
"""
BAD = SET.replace("hour >=", "our >=").replace("percent(", "percnt(")
EVENT = BalanceToppedUp(
    event_id="e-1",
    organization_id="izi",
    club_id="club-1",
    client_id="c-1",
    occurred_at=1_774_000_000_000_000,
    snapshot=None,
    topup_amount_major=Decimal("500"),
    top_up_source="POS_TERMINAL",
)


@pytest.fixture(name="prover", params=[ProverHere, ProverProcess])
async def _prover(request: pytest.FixtureRequest) -> AsyncIterator[Prover]:
    prover: Prover = request.param()
    yield prover
    await prover.close()


async def test_what_is_proven_decides(prover: Prover) -> None:
    """500: the anchor's 12 % are 60, the late rule's 3 % are 15."""
    proven = await prover.prove(SET, "izi.yaml")
    found = apply_event(proven, ClientState(), EVENT, Origin("t", 0, 0)).commands
    assert {c.rule_id: c.amount_major for c in found if isinstance(c, AddBonus)} == {
        "everyday.anchor": "60.00",
        "late": "15.00",
    }
    assert proven.content_hash == (await ProverHere().prove(SET, "x")).content_hash


async def test_every_finding_comes_back(prover: Prover) -> None:
    with pytest.raises(RuleSetError) as refused:
        await prover.prove(BAD, "izi.yaml")
    codes = [finding.code for finding in refused.value.diagnostics]
    assert codes == ["FORMULA_UNKNOWN_NAME", "FORMULA_UNKNOWN_FUNCTION"]
    assert "did you mean 'hour'?" in str(refused.value)
    assert (await prover.prove(SET, "izi.yaml")).version == "1"


async def test_what_decided_before_is_compiled_again(prover: Prover) -> None:
    again = await prover.compile(SET, "izi.yaml")
    assert again.content_hash == (await prover.prove(SET, "izi.yaml")).content_hash
    with pytest.raises(RuleSetError, match="did you mean 'hour'"):
        await prover.compile(BAD, "izi.yaml")


@pytest.mark.parametrize(
    ("text", "organization"),
    [(SET, "izi"), (BAD, "izi"), ("organizationId: [", None), ("[]", None), ("version: 1", None)],
)
async def test_whose_a_text_is(prover: Prover, text: str, organization: str | None) -> None:
    assert await prover.organization_of(text) == organization


async def test_a_set_that_needs_too_much_cpu_is_refused() -> None:
    """Loading it takes some ten milliseconds."""
    prover = ProverProcess(cpu_seconds=0.001)
    with pytest.raises(RuleSetError, match=r"cannot be proven within 0\.001 s of CPU") as refused:
        await prover.prove(SET, "izi.yaml")
    assert refused.value.diagnostics[0].code == "BEYOND_BOUNDS"
    await prover.close()


async def test_each_set_has_the_cpu_for_itself() -> None:
    """Some 0.04 s each: a bound of the process's whole life would end it."""
    prover = ProverProcess(cpu_seconds=0.4)
    for number in range(20):
        assert (await prover.prove(SET + f"# {number}", "izi.yaml")).version == "1"
    await prover.close()


async def test_a_prover_that_gets_no_cpu_refuses_nothing() -> None:
    """Stopped, it stands for one that a busy machine never lets run."""
    prover = ProverProcess(wall_seconds=0.3)
    prover._process = process = await prover._start()
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(ProverUnavailable, match=r"izi\.yaml could not be proven.* too busy"):
        await prover.prove(SET, "izi.yaml")
    assert process.returncode == -signal.SIGKILL
    await prover.close()


async def test_a_set_that_needs_too_much_memory_is_refused() -> None:
    prover = ProverProcess(memory_mb=16)
    with pytest.raises(RuleSetError, match="cannot be proven within 16 MB") as refused:
        await prover.prove(SET + "# " + "x" * 30_000_000, "izi.yaml")
    assert refused.value.diagnostics[0].code == "BEYOND_BOUNDS"
    await prover.close()


async def test_a_prover_that_was_killed_comes_back() -> None:
    prover = ProverProcess()
    await prover.prove(SET, "izi.yaml")
    assert prover._process is not None
    os.kill(prover._process.pid, signal.SIGKILL)
    await prover._process.wait()
    assert (await prover.prove(SET, "izi.yaml")).version == "1"
    await prover.close()


async def test_a_prover_that_is_killed_during_a_proof_refuses_nothing() -> None:
    prover = ProverProcess()
    await prover.prove(SET, "izi.yaml")
    assert prover._process is not None
    os.kill(prover._process.pid, signal.SIGSTOP)
    proving = asyncio.create_task(prover.prove(SET, "izi.yaml"))
    await asyncio.sleep(0.1)
    os.kill(prover._process.pid, signal.SIGKILL)
    assert (await proving).version == "1"
    await prover.close()


async def test_a_prover_that_cannot_be_started_refuses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ProverUnavailable, match="prover of rule sets cannot be started"):
        await ProverProcess().prove(SET, "izi.yaml")
