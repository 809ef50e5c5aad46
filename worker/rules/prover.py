"""A new rule set is proven aside: in a process of its own, warm, bounded in memory and time.

Reading, checking, holding every formula against the reference evaluator and compiling a thousand
rules takes a second of CPU, which the lanes need. So the prover process does all of it and hands
back the checked set and its compiled code (marshalled); what is left for this process is putting
functions together. A set that makes the prover fall or stand still is refused like any other.
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
from worker.errors import Unavailable
from worker.rules.proof import Good, Refused, Reply, Request, frame

PROVE_SECONDS = 60.0
MEMORY_MB = 2048


class Prover(Protocol):
    """Authored text to a rule set that may decide."""

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        """Raises RuleSetError with every finding."""

    async def close(self) -> None: ...


class ProverHere:
    """`Prover` in this very process, for the demo and for tests."""

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        return await asyncio.to_thread(_prove_here, text, file)

    async def close(self) -> None:
        """Nothing is held."""


def _prove_here(text: str, file: str) -> CompiledRuleSet:
    checked = load_rule_set(text, file)
    disagreements = prove(checked)
    if disagreements:
        raise RuleSetError(disagreements)
    return compile_rule_set(checked)


class ProverProcess:
    """`Prover` aside. The process is started with the first set and kept; one that fell is started
    anew for the next. `seconds` and `memory_mb` bound each proof."""

    def __init__(self, seconds: float = PROVE_SECONDS, memory_mb: int = MEMORY_MB) -> None:
        self._seconds, self._memory_mb = seconds, memory_mb
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def prove(self, text: str, file: str) -> CompiledRuleSet:
        """Also raises Unavailable where the process cannot be started. Who kills it (a machine
        short of memory) says nothing of the set, and a set is asked for only once: the second fall
        counts."""
        request = Request(text, file)
        async with self._one_at_a_time:
            reply = await self._answer(request) or await self._answer(request)
        if reply is None:
            fault = f"cannot be proven within {self._memory_mb} MB of memory"
            raise RuleSetError([_beyond_bounds(file, fault)])
        if isinstance(reply, Refused):
            raise RuleSetError(reply.diagnostics)
        return await asyncio.to_thread(_put_together, reply)

    async def _answer(self, request: Request) -> Reply | None:
        """None where the process fell."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._ask(request)
        except TimeoutError:
            await self.close()
            fault = f"could not be proven within {self._seconds:g} s"
            raise RuleSetError([_beyond_bounds(request.file, fault)]) from None
        except (EOFError, OSError):
            await self.close()
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
        try:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker.rules.prover_process", str(self._memory_mb)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"The prover of rule sets cannot be started: {error}.") from error

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _put_together(good: Good) -> CompiledRuleSet:
    """Rule by rule: one long call would keep the lanes from running meanwhile."""
    bare: CheckedRuleSet = pickle.loads(good.checked)
    rules: list[CheckedRule] = [pickle.loads(rule) for rule in good.rules]
    ready: dict[str, CodeType] = {text: marshal.loads(code) for text, code in good.codes}
    return compile_rule_set(replace(bare, rules=tuple(rules)), ready)


def _beyond_bounds(file: str, what: str) -> Diagnostic:
    return Diagnostic(
        code="BEYOND_BOUNDS",
        message=f"the rule set {what}",
        file=file,
        line=0,
        column=1,
        width=1,
        source="",
        remedy="make it smaller: fewer rules, shorter formulas, fewer named clubs",
    )
