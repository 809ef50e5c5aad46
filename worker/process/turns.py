"""How long a thread that computes may keep the event loop waiting for its turn.

Every call to the system gives the interpreter away, and a batch of all lanes makes dozens of them:
by Python's own 5 ms a rule set that is put together in a thread held the loop up for up to 70 ms.
"""

import sys

TURN_SECONDS = 0.0005


def take_short_turns() -> None:
    """For a process whose event loop must not wait for its threads."""
    sys.setswitchinterval(TURN_SECONDS)
