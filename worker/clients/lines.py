"""A CRM's export, client by client, as a stream: JSON lines, or CSV with a heading.

What a client's entry says is kept as it is written: numbers stay text (`JsonNumber`), an empty cell
or a `null` says nothing. Nothing is judged here but whether there is an entry at all.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from schemas.errors import Unreadable
from schemas.fields import JsonNumber
from schemas.json_text import read_json

Fields = dict[str, Any]

COUNTS = frozenset({"topupCount", "visitCount"})
"""Columns of CSV that hold whole numbers; amounts are text on the wire too."""
GROUP_MARK = "|"
_INTEGER = re.compile(r"-?\d{1,400}", re.ASCII)
_BOM = b"\xef\xbb\xbf"


class Entry(Struct, frozen=True):
    """`line`: from 1, the last one where an entry of CSV goes over several. `fault`: why its
    `fields` cannot be read, else empty."""

    line: int
    text: bytes
    fields: Fields
    fault: str = ""


def json_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """One object a line; empty lines are passed over, but counted."""
    for number, line in enumerate(lines, 1):
        text = (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r\n")
        if text.strip():
            yield _json_entry(number, text)


def _json_entry(number: int, text: bytes) -> Entry:
    try:
        read = read_json(text.decode())
    except UnicodeDecodeError as fault:
        return Entry(number, text, {}, f"is not UTF-8 at byte {fault.start}: save it as UTF-8")
    except Unreadable as fault:
        return Entry(number, text, {}, f"{fault.message}: write one JSON object a line")
    if not isinstance(read, dict):
        return Entry(number, text, {}, "is no JSON object: write one object a line")
    return Entry(number, text, {name: held for name, held in read.items() if held is not None})


def csv_entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """A heading with the fields' names, then one row a client; separated by commas, or by
    semicolons where the heading has those. Groups stand in one cell: `vip|night`."""
    seen: list[bytes] = []
    texts = _texts(lines, seen)
    heading = next(texts, "")
    names = [name.strip() for name in next(csv.reader([heading], delimiter=_mark(heading)), [])]
    reader = csv.reader(texts, delimiter=_mark(heading), strict=True)
    while True:
        seen.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number = reader.line_num + 1
            yield Entry(number, b"".join(seen), {}, f"is no row of CSV ({error}): mend its quotes")
            continue
        if row:
            yield _csv_entry(reader.line_num + 1, b"".join(seen), names, row)


def _csv_entry(number: int, text: bytes, names: list[str], row: list[str]) -> Entry:
    text = text.rstrip(b"\r\n")
    if any("\N{REPLACEMENT CHARACTER}" in cell for cell in row):
        return Entry(number, text, {}, "is not UTF-8: save the file as UTF-8")
    if len(row) != len(names):
        wrong = f"has {len(row)} cells, the heading {len(names)}: quote cells that hold separators"
        return Entry(number, text, {}, wrong)
    if twice := {name for name in names if names.count(name) > 1}:
        said = ", ".join(f"`{name}`" for name in sorted(twice))
        return Entry(number, text, {}, f"the heading has {said} more than once: keep one column")
    cells = ((name, cell.strip()) for name, cell in zip(names, row, strict=True))
    return Entry(number, text, {name: _cell(name, cell) for name, cell in cells if cell})


def _cell(name: str, cell: str) -> object:
    if name == "groups":
        return [group.strip() for group in cell.split(GROUP_MARK)]
    if name in COUNTS and _INTEGER.fullmatch(cell):
        return JsonNumber(cell)
    return cell


def _texts(lines: Iterable[bytes], seen: list[bytes]) -> Iterator[str]:
    """`seen` collects what was read since somebody emptied it."""
    for number, line in enumerate(lines):
        seen.append(line)
        text = line.removeprefix(_BOM) if not number else line
        yield text.decode(errors="replace")


def _mark(heading: str) -> str:
    return ";" if ";" in heading else ","
