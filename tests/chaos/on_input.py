"""What comes in that should not, or comes while nobody expects it."""

import time

from tests.chaos.load import instant
from tests.chaos.stage import Stage, Struck


async def repeat_input(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await stage.send(stage.load.repeats(stage.random.randint(20, 200)))
    return Struck(began, time.time(), flights)


async def send_malformed(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    await stage.send(stage.load.malformed(stage.random.randint(10, 60), instant()))
    return Struck(began, time.time(), flights)


async def send_years_ahead(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    for _ in range(6):
        await stage.send(stage.load.years_ahead(instant()))
    return Struck(began, time.time(), flights)


async def reload_rules(stage: Stage) -> Struck:
    flights = await stage.under_way()
    began = time.time()
    stage.reload()
    return Struck(began, time.time(), flights)
