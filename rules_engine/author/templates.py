"""Texts of pushes: `{name}` stands for a variable, `{{` and `}}` for the braces themselves."""

import re
from dataclasses import dataclass

from rules_engine.checked import Template
from rules_engine.diagnostics import Problem, did_you_mean
from rules_engine.variables import (
    TRIGGERS,
    template_variables,
    triggers_of,
    variables,
)

TITLE_LIMIT = 40
BODY_LIMIT = 120
"""Code points after the names are replaced."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class _Name:
    """A `{name}` and where it stands."""

    text: str
    start: int
    end: int


def parse_template(text: str, limit: int, trigger: str) -> tuple[Template, list[Problem]]:
    """The pieces of a push text and what is wrong with it; offsets in code points.

    Which names may stand in it depends on the trigger; a trigger without variables knows none and
    refuses none (it is refused itself).
    """
    problems: list[Problem] = []
    pieces: list[tuple[str, str | None]] = []
    literal = ""
    for match in _PIECE.finditer(text):
        piece = match.group()
        if match[1] is not None:
            name = _Name(match[1], match.start(), match.end())
            problems += _problems_of(name, trigger)
            pieces.append((literal, name.text))
            literal = ""
        elif piece in "{}":
            problems.append(_stray(piece, match.start()))
        else:
            literal += piece[0] if piece in ("{{", "}}") else piece
    if literal:
        pieces.append((literal, None))
    template = Template(tuple(pieces), limit)
    return template, [*problems, *_problems_of_text(text, template)]


def _stray(brace: str, at: int) -> Problem:
    message = f"a `{brace}` without its other half"
    remedy = f"write names as {{topupAmountMajor}}, and `{brace * 2}` for the brace itself"
    return Problem("TEMPLATE_BRACE", message, at, at + 1, remedy)


def _problems_of(name: _Name, trigger: str) -> list[Problem]:
    if not _NAME.fullmatch(name.text):
        bare = _NAME.search(name.text)
        remedy = f"write {{{bare.group()}}}" if bare else "write a name: {topupAmountMajor}"
        message = "only the name of a variable may stand in braces"
        return [Problem("TEMPLATE_NAME", message, name.start, name.end, remedy)]
    if trigger not in TRIGGERS or name.text in template_variables(trigger):
        return []
    message, remedy = _unknown(name.text, trigger)
    return [Problem("TEMPLATE_UNKNOWN_NAME", message, name.start, name.end, remedy)]


def _unknown(name: str, trigger: str) -> tuple[str, str]:
    known = template_variables(trigger)
    others = triggers_of(name)
    if others:
        message = f"{{{name}}} does not exist on {trigger}, only on {', '.join(others)}"
        return message, "take it out, or say it in a rule with that trigger"
    if name in variables(trigger):
        return f"{{{name}}} is a list and cannot be shown", "ask for a group in `audience`"
    near = did_you_mean(name, known)
    return f"unknown name {{{name}}}", near or f"known here: {', '.join(sorted(known))}"


def _problems_of_text(text: str, template: Template) -> list[Problem]:
    own = "".join(literal for literal, _ in template.pieces)
    control = _CONTROL.search(text)
    problems = []
    if control is not None:
        message = f"the control character U+{ord(control.group()):04X} cannot be shown"
        problems.append(
            Problem("BAD_CHARACTER", message, control.start(), control.end(), "remove it")
        )
    if len(own) > template.limit:
        message = (
            f"the text has {len(own)} characters without its {{names}}, "
            f"at most {template.limit} are shown"
        )
        remedy = f"shorten it by {len(own) - template.limit}"
        problems.append(Problem("TEMPLATE_TOO_LONG", message, 0, len(text), remedy))
    if not own.strip() and all(name is None for _, name in template.pieces):
        problems.append(
            Problem("EMPTY_VALUE", "the text is empty", 0, len(text), "say something to the client")
        )
    return problems
