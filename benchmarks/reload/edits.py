"""How soon changed rules decide: from the edit of a file until two workers of a group show the new
version, while events flow."""

import asyncio
import statistics
import time
from collections.abc import Sequence

from benchmarks.harness.contenders import Site
from benchmarks.harness.entrant import Entrant
from benchmarks.harness.ours import Ours, rules_directory
from benchmarks.reload.ground import MANY, Ground, shown
from benchmarks.reload.rule_files import replace_rules, rules_of_size

SIZES = (100, MANY)
EVENTS = 2000
"""In the topics at each edit."""
SETTLE_SECONDS = 0.3


class Second(Ours):
    """Another worker of the first one's group: topics and rules are there already."""

    async def prepare(self, site: Site) -> None:
        """Nothing is left to make."""


async def measure_edits(ground: Ground, edits: int) -> None:
    inputs = await ground.inputs("bench-edits")
    first, second = Ours(name="edited"), Second(name="second")
    edited = await ground.entrant(first, inputs)
    other = Entrant(second, edited.site, inputs, ground.meter)
    for size in SIZES:
        replace_rules(rules_directory(edited.site), rules_of_size(size, "v-0"))
        with edited.running(), other.running():
            took = await _edit([first, second], edited, size, edits)
        print(
            f"{size} rules, edit to applied by two workers: median "
            f"{statistics.median(took):.2f} s, longest {max(took):.2f} s of {edits}"
        )


async def _edit(workers: list[Ours], entrant: Entrant, size: int, edits: int) -> Sequence[float]:
    """Seconds of each edit; each gives one rule another formula."""
    await shown(workers, "v-0")
    took = []
    for number in range(1, edits + 1):
        entrant.inputs.extend(EVENTS)
        text = rules_of_size(size, f"v-{number}", edit=number)
        started = time.perf_counter()
        replace_rules(rules_directory(entrant.site), text)
        await shown(workers, f"v-{number}")
        took.append(time.perf_counter() - started)
        await asyncio.sleep(SETTLE_SECONDS)
    return took
