"""What to say of a name that is no variable, and of a call of no function."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from rules_engine.diagnostics import did_you_mean
from rules_engine.formula.faults import MAX_NAME, Fault, Refusal, cut
from rules_engine.formula.functions import FUNCTIONS
from rules_engine.variables import (
    CREDITED_NOW,
    ENVELOPE,
    Variable,
    triggers_of,
)

_NO_CONSTANTS = frozenset({"true", "false", "yes", "no", "null", "none", "nil"})


def no_variable(name: str, trigger: str, known: Mapping[str, Variable]) -> Refusal:
    """`name` is not among the variables `known` under the trigger."""
    if name in FUNCTIONS:
        message = f"{name} is a function and needs arguments"
        return Refusal(Fault.UNKNOWN_NAME, message, f"write {FUNCTIONS[name].signature}")
    if name in ENVELOPE:
        return Refusal(Fault.UNKNOWN_NAME, f"{name} is not a variable", ENVELOPE[name])
    if owners := triggers_of(name):
        message = f"{name} is not a variable of {trigger}"
        remedy = f"it belongs to {', '.join(owners)}"
        if name == CREDITED_NOW.name:
            remedy += "; as the rule's credit it stands in push texts only"
        return Refusal(Fault.UNKNOWN_NAME, message, remedy)
    if any(name in variable.words for variable in known.values()):
        message = f"{name} is a text and stands in quotes"
        return Refusal(Fault.UNKNOWN_NAME, message, f"write '{name}'")
    return Refusal(
        Fault.UNKNOWN_NAME,
        f"there is no variable {cut(name)}",
        _meant(name, known) or f"see `loyalty rules variables {trigger}`; texts stand in quotes",
    )


def no_function(name: str, known: Mapping[str, Variable]) -> Refusal:
    """`name` is called, but is not a function."""
    if name in known:
        message = f"{name} is a variable, not a function"
        remedy = "is an operator missing before the bracket?"
        return Refusal(Fault.UNKNOWN_FUNCTION, message, remedy)
    return Refusal(
        Fault.UNKNOWN_FUNCTION,
        f"there is no function {cut(name)}",
        _meant(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}",
    )


def _meant(name: str, known: Iterable[str]) -> str:
    """A suggestion: the same letters in another spelling, the beginning of a name, a near one."""
    if name.lower() in _NO_CONSTANTS:
        return "there is no such word: write isBirthday, not isBirthday, or known(x) instead"
    if len(name) > MAX_NAME:
        return ""
    letters = name.replace("_", "").lower()
    beginnings = {each[: len(letters) + 1].lower(): each for each in sorted(known, reverse=True)}
    begun = get_close_matches(letters, beginnings, n=1, cutoff=0.85)
    return f"did you mean '{beginnings[begun[0]]}'?" if begun else did_you_mean(name, known)
