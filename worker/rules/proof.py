"""What a worker and its prover process say to each other, and the proof itself."""

import marshal
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from rules_engine.author.load import load_rule_set
from rules_engine.author.prove import ProvenFormulas, prove
from rules_engine.compile import compile_rule_set
from rules_engine.diagnostics import Diagnostic
from rules_engine.errors import RuleSetError
from worker.rules.known_codes import CodesOfOne, KnownCodes
from worker.rules.texts import organization_of


class Ask(Enum):
    """`PROVE`: may it decide? `COMPILE`: it decided before, so no formula is held against the
    reference evaluator again. `NAME`: whose is it, be it good or not?"""

    PROVE = "PROVE"
    COMPILE = "COMPILE"
    NAME = "NAME"


@dataclass(frozen=True)
class Request:
    ask: Ask
    text: str
    file: str


@dataclass(frozen=True)
class Refused:
    diagnostics: Sequence[Diagnostic]


@dataclass(frozen=True)
class Named:
    """None where it cannot be made out."""

    organization: str | None


@dataclass(frozen=True)
class Good:
    """The checked set, in pieces that are quick to read: `checked` without its rules, `rules` one
    by one (pickled), and `codes`: generated text and compiled code (marshalled)."""

    checked: bytes
    rules: Sequence[bytes]
    codes: Sequence[tuple[str, bytes]]


Reply = Refused | Named | Good


class Experience:
    """What earlier requests leave for the next: nothing of it decides what is answered."""

    def __init__(self) -> None:
        self.proven = ProvenFormulas()
        self.codes = KnownCodes()


def answer(request: Request, experience: Experience) -> Reply:
    """All that is asked of one authored text."""
    if request.ask is Ask.NAME:
        return Named(organization_of(request.text))
    try:
        checked = load_rule_set(request.text, request.file)
        disagreements = prove(checked, experience.proven) if request.ask is Ask.PROVE else ()
    except RuleSetError as error:
        return Refused(error.diagnostics)
    if disagreements:
        return Refused(disagreements)
    codes = CodesOfOne(experience.codes)
    compile_rule_set(checked, codes)
    experience.codes.keep(codes)
    return Good(
        pickle.dumps(replace(checked, rules=())),
        [pickle.dumps(rule) for rule in checked.rules],
        [(text, marshal.dumps(code)) for text, code in codes.items()],
    )


def frame(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content
