"""`loyalty worker` that says on a signal how many tasks and objects it has.

    python -m benchmarks.load.watched worker

Garbage is collected before the objects are counted, so that only what is held counts.
"""

import asyncio
import gc
import json
import os
import signal
from pathlib import Path

from benchmarks.load.vitals import ASK, COUNTS
from worker.cli.main import main


def answer(counts: Path) -> None:
    """Runs in the main thread, between two steps of its event loop."""
    gc.collect()
    held = {"tasks": len(asyncio.all_tasks()), "objects": len(gc.get_objects())}
    beside = counts.with_suffix(".new")
    beside.write_text(json.dumps(held))
    beside.rename(counts)


if __name__ == "__main__":
    path = Path(os.environ[COUNTS])
    signal.signal(ASK, lambda *_: answer(path))
    main()
