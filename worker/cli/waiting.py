"""Commands are plain functions; what waits runs in a loop that is imported when it is needed."""

from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def wait(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, in a loop of its own. What Kafka's client logs also comes back as an
    exception, with its remedy: it is not said twice."""
    import asyncio
    import logging

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return asyncio.run(work)
