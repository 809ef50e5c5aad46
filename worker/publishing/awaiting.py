"""Until every live worker says that a set decides, or that it does not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from worker.publishing.catalog import Catalog
from worker.rules.status import Status

LOOK_SECONDS = 0.25


class Answer(StrEnum):
    APPLIED = "APPLIED"
    REFUSED = "REFUSED"
    SILENT = "SILENT"


class Answers(Struct, frozen=True):
    """By worker. `findings`: of those that refused."""

    by_worker: Mapping[str, Answer]
    findings: Mapping[str, str]

    @property
    def all_applied(self) -> bool:
        return all(answer is Answer.APPLIED for answer in self.by_worker.values())

    @property
    def is_decided(self) -> bool:
        return Answer.SILENT not in self.by_worker.values()


async def await_applied(
    look: Callable[[], Awaitable[Catalog]],
    organization: str,
    content_hash: str,
    text_hash: str,
    seconds: float,
) -> Answers:
    """The workers' answers once all have given one, or what there is after `seconds`. Workers that
    join or leave meanwhile count as they are at the end."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        answers = answers_of(await look(), organization, content_hash, text_hash)
        if answers.is_decided or loop.time() >= deadline:
            return answers
        await asyncio.sleep(LOOK_SECONDS)


def answers_of(catalog: Catalog, organization: str, content_hash: str, text_hash: str) -> Answers:
    by_worker = dict.fromkeys(sorted(catalog.workers), Answer.SILENT)
    findings = {}
    for status in catalog.statuses_of(organization):
        by_worker[status.worker] = _answer(status, content_hash, text_hash)
        if by_worker[status.worker] is Answer.REFUSED and status.refused is not None:
            findings[status.worker] = status.refused.findings
    return Answers(by_worker, findings)


def _answer(status: Status, content_hash: str, text_hash: str) -> Answer:
    if status.refused is not None and status.refused.text_hash == text_hash:
        return Answer.REFUSED
    if status.applied is not None and status.applied.hash == content_hash:
        return Answer.APPLIED
    return Answer.SILENT
