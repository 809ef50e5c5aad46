"""Somebody who changes rules at a terminal, and what the workers make of it."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.topics import Channel
from tests.integration.deployment import Deployment

LOYALTY = str(Path(sys.executable).with_name("loyalty"))
INFO = "loyalty_rule_set_info{"
SET = """
organizationId: izi
version: "{version}"
timeZone: Europe/Moscow
currency: RUB
limits: {{perClientCredit: {{amountMajor: 5000, per: DAY}}}}
rules:
  - id: flat
    trigger: BALANCE_TOPPED_UP
    actions: [{{type: ADD_BONUS, formula: "{amount}", expiresInDays: 30}}]
"""


def rules(version: str, amount: str) -> str:
    return SET.format(version=version, amount=amount)


class Said:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


class Author:
    """Somebody at a terminal, with the settings of the deployment."""

    def __init__(self, loyalty: Deployment, directory: Path) -> None:
        self.loyalty, self.file = loyalty, directory / "mine.yaml"

    async def run(self, *words: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            LOYALTY,
            *words,
            env={**os.environ, **self.loyalty.environment()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def push(self, text: str, reason: str = "a try", *more: str) -> Said:
        self.file.write_text(text)
        words = ("rules", "push", str(self.file), "--reason", reason, "--yes", *more)
        return await self.run(*words, "--author", "ann", "--format", "json")

    async def status(self) -> Said:
        return await self.run("rules", "status", "--history", "--format", "json")


async def paid(loyalty: Deployment, event_id: str) -> str:
    """What a top-up of 100 earns now."""
    event: dict[str, object] = {
        "eventId": event_id,
        "type": "BALANCE_TOPPED_UP",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": f"c-{event_id}",
        "occurredAt": datetime.now(UTC).isoformat(),
        "topupAmountMajor": "100",
        "topUpSource": "POS_TERMINAL",
    }
    await loyalty.send_events([event], Channel.TOPUPS)
    await loyalty.caught_up()
    for record in await loyalty.read(Channel.BONUS_COMMANDS):
        command = json.loads(record.value or b"")
        if command["causedBy"]["eventId"] == event_id:
            return f"{command['ruleSetVersion']}: {command['amountMajor']}"
    return "nothing"


def versions(loyalty: Deployment) -> list[str]:
    """Of the set that each running worker has."""
    found = []
    for worker in loyalty.workers:
        if worker.process.poll() is None:
            page = worker.get("/metrics") or ""
            lines = [line for line in page.splitlines() if line.startswith(INFO)]
            found += [line.split('version="')[1].split('"')[0] for line in lines]
    return found
