"""The prover's own process: requests on standard input, replies on standard output, each framed by
its length in four bytes. It has no connection to anything and ends with its input."""

import pickle
import resource
import sys
from typing import BinaryIO

from worker.rules.proof import Request, answer, frame


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Until the requests end."""
    while length := requests.read(4):
        request: Request = pickle.loads(requests.read(int.from_bytes(length, "big")))
        replies.write(frame(pickle.dumps(answer(request))))
        replies.flush()


if __name__ == "__main__":
    most = int(sys.argv[1]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        sys.exit("the prover of rule sets ran out of memory")
