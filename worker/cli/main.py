"""The entry point of the `loyalty` script: it leaves at Ctrl-C without a word while it only loads.

Everything else is imported by `main`, for it takes most of what a short command takes. A traceback
out of some library's import would tell nobody anything, and nothing was begun.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
"""What a shell makes of a program that SIGINT ended."""


def main() -> None:
    """Run the command of the arguments and exit with its code."""
    taken = signal.getsignal(signal.SIGINT)
    is_ours = taken is signal.default_int_handler  # a job in the background ignores it: so be it
    if is_ours:
        signal.signal(signal.SIGINT, _leave)
    from worker.cli.application import run
    from worker.cli.output import write_any_character

    write_any_character()
    try:
        if is_ours:
            signal.signal(signal.SIGINT, taken)
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
