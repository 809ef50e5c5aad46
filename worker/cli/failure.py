"""What a command raises when the user has something to mend.

CommandFailed   one line per fault, each naming the place and the remedy
"""


class CommandFailed(Exception):
    """The command cannot do what it was asked for."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))
