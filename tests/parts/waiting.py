"""Waiting in tests for what is to happen, however slow the machine is."""

import asyncio
from typing import Any

PATIENCE = 120.0
"""Seconds after which something will not happen any more. Nothing waits for so long that comes."""

STOPS_WITHIN = 20.0
"""Seconds. A worker bounds its end to ten, and a slow machine takes its own time over it; what has
no bound waits for Kafka or Redis, which takes longer."""


async def until(condition: Any, *, every: float = 0.02) -> None:
    for _ in range(int(PATIENCE / every)):
        if condition():
            return
        await asyncio.sleep(every)
    raise AssertionError("it never happened")
