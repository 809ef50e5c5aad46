"""What ends a benchmark.

BenchmarkError
├── ContenderFailed     a worker died or stood still: its figures mean nothing
├── WrongCommands       a worker produced other commands than the rules give
└── BacklogTooSmall     the run was over before it could be measured
"""


class BenchmarkError(Exception):
    """The message says what to look at."""


class ContenderFailed(BenchmarkError):
    pass


class WrongCommands(BenchmarkError):
    pass


class BacklogTooSmall(BenchmarkError):
    pass
