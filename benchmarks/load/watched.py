"""`loyalty worker` that says on a signal how many tasks, objects and blocks of memory it has.

    python -m benchmarks.load.watched worker

Garbage is collected before anything is counted, so that only what is held counts.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path

from benchmarks.load.vitals import ASK, COUNTS
from worker.cli.main import main


def answer(counts: Path) -> None:
    """Runs in the main thread, between two steps of its event loop."""
    gc.collect()
    held = {
        "tasks": len(asyncio.all_tasks()),
        "objects": objects(),
        "blocks": sys.getallocatedblocks(),
    }
    beside = counts.with_suffix(".new")
    beside.write_text(json.dumps(held))
    beside.rename(counts)


def objects() -> int:
    """How many the garbage collector tracks. Listed and counted in one step of the interpreter: a
    tuple that another thread is about to fill is among them, and fails there where it is still in
    the list when that thread goes on (a rule set is put together in one)."""
    return next(map(len, iter(gc.get_objects, None)))


if __name__ == "__main__":
    path = Path(os.environ[COUNTS])
    signal.signal(ASK, lambda *_: answer(path))
    main()
