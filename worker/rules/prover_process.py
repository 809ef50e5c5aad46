"""The prover's own process: requests on standard input, replies on standard output, each framed by
its length in four bytes. It has no connection to anything and ends with its input.

Memory is bounded for its whole life, processor time for each request: who needs more is ended by
the kernel, in the midst of whatever it computes (`OVERSPENT` is the signal).
"""

import pickle
import resource
import signal
import sys
from typing import BinaryIO

from worker.rules.proof import Experience, Request, answer, frame

OVERSPENT = signal.SIGPROF


def serve(requests: BinaryIO, replies: BinaryIO, cpu_seconds: float) -> None:
    """Until the requests end."""
    experience = Experience()
    while length := requests.read(4):
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        request: Request = pickle.loads(requests.read(int.from_bytes(length, "big")))
        reply = frame(pickle.dumps(answer(request, experience)))
        signal.setitimer(signal.ITIMER_PROF, 0)
        replies.write(reply)
        replies.flush()


if __name__ == "__main__":
    most = int(sys.argv[1]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(OVERSPENT, signal.SIG_DFL)
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, float(sys.argv[2]))
    except MemoryError:
        sys.exit("the prover of rule sets ran out of memory")
