"""The Faust agent's side of a batch: taken from the channel, done, handed back to its lane."""

import asyncio
from functools import partial
from typing import Any


async def take_batches(stream: Any) -> None:
    """The agent: one batch of one lane at a time, outcome and failure handed back to the lane.

    A batch that no lane waits for any more (it was dropped at a rebalance, or its deadline passed)
    is cancelled, or not begun: it must not go on beside the lane's next owner in this process.
    """
    async for lane, batch, done in stream:
        if done.done():
            continue
        work = asyncio.create_task(lane.process(batch))
        done.add_done_callback(partial(_leave, work))
        try:
            await asyncio.wait([work])
        finally:
            _hand_back(work, done)


def _leave(work: "asyncio.Task[None]", _: "asyncio.Future[None]") -> None:
    work.cancel()


def _hand_back(work: "asyncio.Task[None]", done: "asyncio.Future[None]") -> None:
    if not work.done() or work.cancelled():
        done.cancel()
    elif (error := work.exception()) is None:
        if not done.done():
            done.set_result(None)
    elif not done.done():
        done.set_exception(error)
