"""A push that Kafka never takes was not written, and nobody needs to ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from worker.errors import Misconfigured
from worker.kafka.producer import too_large
from worker.kafka.transactions import ExclusiveWriter


class Producer:
    """As far as a writer needs one; its broker takes no record."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield

    async def send_and_wait(self, *_: object, **__: object) -> None:
        raise MessageSizeTooLargeError


async def test_a_record_that_is_too_large_was_not_written() -> None:
    producer: Any = Producer()
    with pytest.raises(Misconfigured) as refused:
        await ExclusiveWriter(producer).write([("loyalty.rules", b"izi", b"x" * 1_100_000)])
    assert (
        refused.value.message == "A record of 1100003 bytes is larger than loyalty.rules accepts."
    )


@pytest.mark.parametrize(
    ("size", "remedy"),
    [
        (200_000, "Raise max.message.bytes of t (loyalty topics check), then start anew."),
        (1_100_000, "None above 1048576 bytes is sent: make smaller what it holds."),
    ],
)
def test_a_topic_cannot_be_raised_above_what_the_client_sends(size: int, remedy: str) -> None:
    assert too_large("t", size).remedy == remedy
