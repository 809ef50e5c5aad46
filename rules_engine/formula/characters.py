"""Characters that are not of the language: what they look like, and what is meant."""

import unicodedata
from typing import NamedTuple

from rules_engine.formula.faults import Fault, Refusal

_LOOK_ALIKES = {
    **dict.fromkeys("×∗⋅·", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–—", "-"),
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
"""Signs that a word processor puts in the place of those that are meant."""

FANCY_QUOTES = {"“": "“”", "”": "”", "„": "“”", "‘": "’", "’": "’", "«": "»", "»": "«»"}
"""An opening quote of typography → those that may close it."""


class Foreign(NamedTuple):
    """`meant`: the sign to read in its place; empty for none. An invisible one is no token."""

    refusal: Refusal
    meant: str
    invisible: bool


def foreign(letter: str) -> Foreign:
    """A character that begins no token."""
    meant = _LOOK_ALIKES.get(letter, "")
    invisible = letter.isspace() or not letter.isprintable()
    shown = "a character" if invisible else f"`{letter}`"
    remedy = "outside of texts in quotes only ASCII is read"
    if meant:
        remedy = f"write {meant}"
    elif invisible:
        remedy = "remove it, or write a plain space"
    message = f"{shown} ({_name(letter)}) is not part of the language"
    return Foreign(Refusal(Fault.CHARACTER, message, remedy), meant, invisible)


def foreign_letter(letter: str) -> Refusal:
    """A letter inside a name. Python would take its compatible form: `ｍin` is min to it."""
    message = f"`{letter}` ({_name(letter)}) is not a letter of the language"
    remedy = "names are in plain Latin letters; other texts stand in quotes"
    return Refusal(Fault.CHARACTER, message, remedy)


def fancy_quote(quote: str) -> Refusal:
    message = f"`{quote}` is not a quote of the language"
    return Refusal(Fault.CHARACTER, message, "put texts in straight quotes: 'text'")


def _name(letter: str) -> str:
    return unicodedata.name(letter, f"U+{ord(letter):04X}")
