"""Everything that `worker` raises on purpose. Each carries what an operator needs to go on.

WorkerError
├── Unavailable          a dependency did not answer: retried with backoff
│   ├── OutcomeUnknown   a write may or may not have happened: only an idempotent repeat, or a
│   │                    new term, may follow
│   └── TablesUnavailable / LogUnavailable / SourceUnavailable / ProverUnavailable
├── Moved                the state is not where this lane left it: acquire again
├── Contradicted         what other lanes say does not follow from what this state has said: stale
├── Fenced               a later start stands in the lane log: ask the group, acquire again
└── LoudStop             going on could pay wrongly: the worker exits and says what to do
    ├── BadLog           state and lane log do not belong together
    ├── Diverged         a replay came out differently than it was logged
    └── Misconfigured    topics, partition counts, settings, a start without START_FROM
"""


class WorkerError(Exception):
    """Base of the tree."""


class Unavailable(WorkerError):
    """A dependency did not answer."""


class OutcomeUnknown(Unavailable):
    """The write may have happened."""


class TablesUnavailable(Unavailable):
    """Redis did not answer, or refused for now (loading, out of memory, failing over)."""


class LogUnavailable(Unavailable):
    """The lane log cannot be read or written now."""


class SourceUnavailable(Unavailable):
    """The input topics cannot be read now."""


class ProverUnavailable(Unavailable):
    """The process that proves rule sets cannot be started, or the machine lets it not run."""


class Moved(WorkerError):
    """The state's head is not the one this lane committed last."""


class Contradicted(WorkerError):
    """A message between lanes that this state cannot expect: another owner was here meanwhile."""


class Fenced(WorkerError):
    """Another owner started a term after this one's."""


class LoudStop(WorkerError):
    """`message` says what is wrong, `remedy` what the operator does next."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message, self.remedy = message, remedy
        super().__init__(f"{message} {remedy}".strip())


class BadLog(LoudStop):
    """State and lane log do not belong together."""


class Diverged(LoudStop):
    """A replayed plan gave other outputs than the ones that were logged."""


class Misconfigured(LoudStop):
    """Something that a person set is wrong."""
