"""A new rule set is proven aside: in a process of its own, warm, bounded in memory and CPU.

Reading, checking, holding every formula against the reference evaluator and compiling a thousand
rules takes a second of CPU, which the lanes need. So the prover process does all of it and hands
back the checked set and its compiled code (marshalled); what is left for this process is putting
functions together. A set that needs more memory or CPU than there is for it is refused like any
other. A prover that gets no CPU says nothing of the set: it is asked again.
"""

import asyncio
import marshal
import pickle
import sys
from contextlib import suppress
from dataclasses import replace
from types import CodeType
from typing import Protocol

from rules_engine.author.load import load_rule_set
from rules_engine.author.prove import prove
from rules_engine.checked import CheckedRule, CheckedRuleSet
from rules_engine.compile import CompiledRuleSet, compile_rule_set
from rules_engine.diagnostics import Diagnostic
from rules_engine.errors import RuleSetError
from worker.errors import ProverUnavailable
from worker.rules.proof import Ask, Good, Named, Refused, Reply, Request, frame
from worker.rules.prover_process import OVERSPENT
from worker.rules.texts import organization_of

CPU_SECONDS = 30.0
WALL_SECONDS = 300.0
"""A machine so busy that a tenth of one processor is left still gets a proof done."""
MEMORY_MB = 2048
FALL_SECONDS = 5.0
"""A process that closed its output is ending already."""


class Prover(Protocol):
    """Authored text to a rule set that may decide. None of it keeps the lanes from running; all of
    it raises ProverUnavailable where nobody got to it, which says nothing of the text."""

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        """Raises RuleSetError with every finding."""

    async def compile(self, text: str, file: str) -> CompiledRuleSet:
        """A set that decided before: its formulas are not held against the reference evaluator
        again. Raises RuleSetError where this release refuses it."""

    async def organization_of(self, text: str) -> str | None:
        """Whose rules a text holds, be they good or not; None where it cannot be made out."""

    async def close(self) -> None: ...


class ProverHere:
    """`Prover` in this very process, for the demo and for tests."""

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        return await asyncio.to_thread(_prove_here, text, file)

    async def compile(self, text: str, file: str) -> CompiledRuleSet:
        return await asyncio.to_thread(lambda: compile_rule_set(load_rule_set(text, file)))

    async def organization_of(self, text: str) -> str | None:
        return await asyncio.to_thread(organization_of, text)

    async def close(self) -> None:
        """Nothing is held."""


def _prove_here(text: str, file: str) -> CompiledRuleSet:
    checked = load_rule_set(text, file)
    disagreements = prove(checked)
    if disagreements:
        raise RuleSetError(disagreements)
    return compile_rule_set(checked)


class ProverProcess:
    """`Prover` aside. The process is started with the first text and kept; one that fell is started
    anew for the next. `cpu_seconds` and `memory_mb` bound each text; `wall_seconds` is when a
    process that gets no CPU is given up."""

    def __init__(
        self,
        cpu_seconds: float = CPU_SECONDS,
        memory_mb: int = MEMORY_MB,
        wall_seconds: float = WALL_SECONDS,
    ) -> None:
        self._cpu_seconds, self._memory_mb = cpu_seconds, memory_mb
        self._wall_seconds = wall_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        return await self._compiled(Request(Ask.PROVE, text, file))

    async def compile(self, text: str, file: str) -> CompiledRuleSet:
        return await self._compiled(Request(Ask.COMPILE, text, file))

    async def organization_of(self, text: str) -> str | None:
        try:
            reply = await self._answer(Request(Ask.NAME, text, ""))
        except RuleSetError:  # beyond the bounds
            return None
        assert isinstance(reply, Named)
        return reply.organization

    async def _compiled(self, request: Request) -> CompiledRuleSet:
        reply = await self._answer(request)
        if isinstance(reply, Refused):
            raise RuleSetError(reply.diagnostics)
        assert isinstance(reply, Good)
        return await asyncio.to_thread(_put_together, reply)

    async def _answer(self, request: Request) -> Reply:
        """Who kills the process (a machine short of memory) says nothing of the text, and a text is
        asked for only once: the second fall counts."""
        async with self._one_at_a_time:
            reply = await self._once(request) or await self._once(request)
        if reply is None:
            raise _beyond_bounds(request, f"within {self._memory_mb} MB of memory")
        return reply

    async def _once(self, request: Request) -> Reply | None:
        """None where the process fell."""
        try:
            async with asyncio.timeout(self._wall_seconds):
                return await self._ask(request)
        except TimeoutError:
            await self.close()
            raise ProverUnavailable(
                f"{request.file or 'A rule set'} could not be proven within {self._wall_seconds:g} "
                "s, and not for the CPU that it needs: the machine is too busy."
            ) from None
        except (EOFError, OSError):
            if await self._fallen(FALL_SECONDS) == -OVERSPENT:
                fault = f"within {self._cpu_seconds:g} s of CPU"
                raise _beyond_bounds(request, fault) from None
            return None
        except asyncio.CancelledError:
            await self.close()  # half a reply may be under way
            raise

    async def _ask(self, request: Request) -> Reply:
        """Raises EOFError and OSError where the process falls."""
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frame(pickle.dumps(request)))
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(4), "big")
        reply: Reply = pickle.loads(await process.stdout.readexactly(length))
        return reply

    async def _start(self) -> asyncio.subprocess.Process:
        bounds = str(self._memory_mb), str(self._cpu_seconds)
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker.rules.prover_process", *bounds),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            message = f"The prover of rule sets cannot be started: {error}."
            raise ProverUnavailable(message) from error

    async def close(self) -> None:
        await self._fallen()

    async def _fallen(self, patience: float = 0.0) -> int | None:
        """The process's exit code once it has ended, by force after `patience` seconds; None
        without one. A kill before would take the code away from who waits for it."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        return await process.wait()


def _put_together(good: Good) -> CompiledRuleSet:
    """Rule by rule: one long call would keep the lanes from running meanwhile."""
    bare: CheckedRuleSet = pickle.loads(good.checked)
    rules: list[CheckedRule] = [pickle.loads(rule) for rule in good.rules]
    ready: dict[str, CodeType] = {text: marshal.loads(code) for text, code in good.codes}
    return compile_rule_set(replace(bare, rules=tuple(rules)), ready)


def _beyond_bounds(request: Request, bound: str) -> RuleSetError:
    return RuleSetError(
        [
            Diagnostic(
                code="BEYOND_BOUNDS",
                message=f"the rule set cannot be proven {bound}",
                file=request.file,
                line=0,
                column=1,
                width=1,
                source="",
                remedy="make it smaller: fewer rules, shorter formulas, fewer named clubs",
            )
        ]
    )
