"""How far an import has come, in a file beside the export: written as lines are acknowledged."""

import os
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct


class Checkpoint(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`export`: digest of the file and of all that decides what its lines mean. Everything up to
    `line` was acknowledged, `published` records in all; `done`: that was the last line."""

    export: str
    line: int
    published: int
    done: bool = False

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None where there is none yet. Raises msgspec.MsgspecError for what is no checkpoint,
        OSError for what cannot be read."""
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(text, type=cls)

    def write(self, path: Path) -> None:
        """Whole or not at all. Raises OSError."""
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(self))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
