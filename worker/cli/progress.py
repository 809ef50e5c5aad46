"""Files that take long to read: on a terminal with a bar that goes away at the end."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.cli.failure import CommandFailed
from worker.cli.output import is_terminal


@contextmanager
def lines_of(path: str | Path, description: str, remedy: str) -> Iterator[Iterable[bytes]]:
    """The lines of a file. CommandFailed with the remedy where it cannot be opened."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - the with below closes it
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}; {remedy}") from None
    with file:
        if not is_terminal(sys.stderr):
            yield file
            return
        from rich.console import Console
        from rich.progress import wrap_file

        size, console = Path(path).stat().st_size, Console(stderr=True)
        with wrap_file(
            file, size, description=description, console=console, transient=True
        ) as lines:
            yield lines
