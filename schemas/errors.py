"""Everything that `schemas` raises.

SchemaError             a text that is not what its field asks for; it is a ValueError too
├── Unreadable          it has not the shape (a dead letter's SCHEMA)
└── NotAllowed          it can be read, but the value is outside what is allowed (OUT_OF_RANGE)

The message goes on from the field's name, "`field` …", and says what to mend.
"""

from typing import Self


class SchemaError(ValueError):
    """Base of the tree. `field` is the path to the field, where one is known."""

    def __init__(self, message: str, field: str = "") -> None:
        self.message, self.field = message, field
        super().__init__(f"`{field}` {message}" if field else message)

    def within(self, name: str) -> Self:
        """The same error of a field inside `name`."""
        return type(self)(self.message, f"{name}.{self.field}" if self.field else name)


class Unreadable(SchemaError):
    """The text has not the shape that is asked for."""


class NotAllowed(SchemaError):
    """The value can be read, but is outside what is allowed."""


def shown(text: str) -> str:
    """A text from outside as a message quotes it: ASCII only, and not long."""
    return ascii(text if len(text) <= 40 else text[:39] + "...")
