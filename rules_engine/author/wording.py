"""What pydantic found in the shape, in words for somebody who writes rules."""

import re
from collections.abc import Callable

from pydantic_core import ErrorDetails

from rules_engine.author.fault import Described, Fault
from rules_engine.author.keys import KEYS_ELSEWHERE, known_keys
from rules_engine.author.remedies import BOUND_REMEDIES, MISSING, MISSING_IN, NO_TEXT, WRITTEN
from rules_engine.diagnostics import did_you_mean
from rules_engine.document import Document, Path
from rules_engine.document.nodes import Mapping, Scalar
from schemas.authored import Authored
from schemas.rule_set import RuleSet

_QUOTED = re.compile(r"'([^']*)'")


def describe(
    error: ErrorDetails, path: Path, document: Document, root: type[Authored] = RuleSet
) -> Described:
    """The finding for an error in a document of the shape `root`; a kind of error that has no words
    of its own keeps pydantic's."""
    wording = _WORDINGS.get(error["type"])
    fault = Fault(error, path, document, root)
    if wording is None:
        return Described("WRONG_TYPE", f"{fault.subject}: {error['msg']}")
    return wording(fault)


def describe_null(path: Path, document: Document) -> Described:
    """The finding for a key or item without a value."""
    parent, node = document.node_at(path[:-1]), document.node_at(path)
    remedy = "write a value, or remove the key"
    if isinstance(parent, Mapping) and parent.flow and isinstance(node, Scalar) and not node.text:
        # {formula: percent(x, 20)}: the rest of a text that lacked its quotes looks like a key
        remedy = "a comma ends a value inside { }: put the value before it in quotes"
    key = next(step for step in reversed(path) if isinstance(step, str))
    subject = f"an item of `{key}`" if isinstance(path[-1], int) else f"`{key}`"
    return Described("EMPTY_VALUE", f"{subject} has no value", remedy)


def _missing(fault: Fault) -> Described:
    where = "" if len(fault.path) == 1 else f" in {_place(fault.path[:-1])}"
    remedy = MISSING_IN.get((_owner(fault.path), fault.key)) or MISSING.get(fault.key)
    remedy = remedy or f"add `{fault.key}: …`"
    return Described("MISSING_KEY", f"`{fault.key}` is missing{where}", remedy)


def _place(path: Path) -> str:
    """`this item of rules`, `quietHours`"""
    if isinstance(path[-1], int):
        return f"this item of `{path[-2]}`"
    return f"`{path[-1]}`"


def _no_action_type(fault: Fault) -> Described:
    return Described("MISSING_KEY", "`type` is missing in this action", MISSING["type"])


def _unknown_key(fault: Fault) -> Described:
    key = str(fault.path[-1])
    known = known_keys(fault.error["loc"][:-1], fault.root)
    remedy = (
        KEYS_ELSEWHERE.get((_owner(fault.path), key))
        or did_you_mean(key, known)
        or f"known here: {', '.join(known)}"
    )
    return Described("UNKNOWN_KEY", f"unknown key `{key}`", remedy, on_key=True)


def _owner(path: Path) -> str:
    return next((step for step in reversed(path[:-1]) if isinstance(step, str)), "")


def _not_text(fault: Fault) -> Described:
    if not fault.is_word:
        message = f"{fault.subject} must be a text, not {fault.shown}"
        return Described(
            "WRONG_TYPE", message, "write one text; put it in quotes if it holds { [ :"
        )
    assert isinstance(fault.node, Scalar)
    message = f"{fault.subject} is {fault.shown} without quotes, which is no text in YAML"
    remedy = NO_TEXT.get((fault.key, fault.node.text)) or f'write "{fault.node.text}"'
    return Described("NEEDS_QUOTES", message, remedy)


def _not_flag(fault: Fault) -> Described:
    message = f"{fault.subject} must be true or false, not {fault.shown}"
    return Described("WRONG_TYPE", message, "write true or false, without quotes")


def _not_list(fault: Fault) -> Described:
    message = f"{fault.subject} must be a list, not {fault.shown}"
    if isinstance(fault.node, Mapping):
        remedy = "put it in [ ]" if fault.node.flow else "begin it with `- `: an item of a list"
        return Described("WRONG_TYPE", message, remedy)
    value = fault.shown.strip("`") if fault.is_word else "…"
    return Described(
        "WRONG_TYPE", message, f"write `{WRITTEN.get(fault.key) or f'{fault.key}: [{value}]'}`"
    )


def _not_mapping(fault: Fault) -> Described:
    message = f"{fault.subject} must be a mapping, not {fault.shown}"
    known = ", ".join(known_keys(fault.error["loc"], fault.root))
    written = WRITTEN.get(fault.key)
    if written is None or isinstance(fault.path[-1], int):
        return Described("WRONG_TYPE", message, f"write `key: value` pairs of: {known}")
    return Described("WRONG_TYPE", message, f"write `{written}`; known here: {known}")


def _unknown_word(fault: Fault) -> Described:
    words = _QUOTED.findall(fault.context["expected"])
    known = f"known: {', '.join(words)}"
    if not isinstance(fault.node, Scalar):
        return Described(
            "WRONG_TYPE", f"{fault.subject} must be one word, not {fault.shown}", known
        )
    if len(words) == 1:
        message = f"the trigger of a ladder is {words[0]}, not {fault.shown}"
        return Described("LADDER_TRIGGER", message, "write rules for other triggers")
    remedy = f"{did_you_mean(fault.node.text, words)} {known}".lstrip()
    if fault.key == "trigger":
        return Described("UNKNOWN_TRIGGER", f"unknown trigger {fault.shown}", remedy)
    return Described("UNKNOWN_WORD", f"unknown value of `{fault.key}`: {fault.shown}", remedy)


def _unknown_action(fault: Fault) -> Described:
    """The fault is the action's as a whole for pydantic, its type's for the author."""
    of_type = Fault(fault.error, (*fault.path, "type"), fault.document)
    words = _QUOTED.findall(fault.context["expected_tags"])
    node = of_type.node
    near = did_you_mean(node.text, words) if isinstance(node, Scalar) else ""
    message = f"unknown type of action: {of_type.shown}"
    remedy = f"{near} known: {', '.join(words)}".lstrip()
    return Described("UNKNOWN_ACTION", message, remedy, path=of_type.path)


_NEEDED_LISTS = ("actions", "tiers", "cases", "events")
_ITEM_OR_NOTHING = "add an item, or remove the key"


def _too_few(fault: Fault) -> Described:
    remedy = MISSING[fault.key] if fault.key in _NEEDED_LISTS else _ITEM_OR_NOTHING
    return Described("EMPTY_LIST", f"`{fault.key}` is empty", remedy)


def _empty(fault: Fault) -> Described:
    return Described("EMPTY_VALUE", f"{fault.subject} is empty", "write a text between the quotes")


def _too_long(fault: Fault) -> Described:
    most = fault.context["max_length"]
    length = len(fault.node.text) if isinstance(fault.node, Scalar) else 0
    message = f"{fault.subject} has {length} characters, at most {most} are allowed"
    return Described("TOO_LONG", message, "shorten it")


def _bad_id(fault: Fault) -> Described:
    message = f"{fault.subject} has white space around it or a control character in it"
    return Described("BAD_ID", message, "remove it: ids are compared letter by letter")


def _not_a_number(fault: Fault) -> Described:
    message = f"{fault.subject} must be a number, not {fault.shown}"
    return Described("NOT_A_NUMBER", message, _number_remedy(fault, "500 or 12.50"))


def _not_whole(fault: Fault) -> Described:
    message = f"{fault.subject} must be a whole number, not {fault.shown}"
    return Described("NOT_A_NUMBER", message, _number_remedy(fault, "10, without decimals"))


def _number_remedy(fault: Fault, example: str) -> str:
    text = fault.node.text if isinstance(fault.node, Scalar) else ""
    if "%" in text:
        return "write the number without the percent sign"
    if unit := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?[^\W\d_]+\.?", text):
        return f"write the number alone: {unit[1]}"
    if re.fullmatch(r"[0-9]+,[0-9]+", text):
        return "write a point before the decimals, and nothing between thousands"
    if re.fullmatch(r"[0-9]{10,}", text):
        return "it is far too large: write a number of fewer digits"
    if re.fullmatch(r"[0-9][0-9_ '\u00a0]*", text):
        return "write the digits with nothing between them"
    return f"write it as {example}"


_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _out_of_range(fault: Fault) -> Described:
    name, words = _BOUNDS[fault.error["type"]]
    message = f"{fault.subject} must be {words} {fault.context[name]}, not {fault.shown}"
    remedy = BOUND_REMEDIES.get(fault.key, "")
    return Described("OUT_OF_RANGE", message, remedy or "correct the number, or remove the key")


_WORDINGS: dict[str, Callable[[Fault], Described]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "string_type": _not_text,
    "bool_type": _not_flag,
    "list_type": _not_list,
    "model_type": _not_mapping,
    "model_attributes_type": _not_mapping,
    "literal_error": _unknown_word,
    "union_tag_invalid": _unknown_action,
    "union_tag_not_found": _no_action_type,
    "too_short": _too_few,
    "string_too_short": _empty,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _bad_id,
    "not_a_number": _not_a_number,
    "not_whole": _not_whole,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than": _out_of_range,
    "less_than_equal": _out_of_range,
}
