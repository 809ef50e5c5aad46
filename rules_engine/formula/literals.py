"""Numbers and texts in quotes: how they are written, and what is wrong with one that is not."""

import re
import unicodedata

from rules_engine.formula.faults import MAX_DIGITS, MAX_TEXT, Fault, Refusal, cut

_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+")
_JOINERS = "\u200c\u200d"
"""They join letters of some scripts, and emoji."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def number_fault(written: str) -> Refusal | None:
    """What is wrong with a run of digits, points and letters; None for a decimal."""
    if _PLAIN_NUMBER.fullmatch(written) is None:
        return Refusal(Fault.NUMBER, *_no_number(written))
    if len(written.replace(".", "").lstrip("0")) > MAX_DIGITS or len(written) > 2 * MAX_DIGITS:
        message = f"a number has at most {MAX_DIGITS} digits"
        return Refusal(Fault.NUMBER, message, "arithmetic keeps no more than that")
    return None


def _no_number(written: str) -> tuple[str, str]:
    if not written.isascii():
        return "a number is written in the digits 0 to 9", "retype it in plain digits"
    if re.match(r"0[xobXOB]", written):
        return f"`{cut(written)}` is not a decimal number", "write it with the digits 0 to 9"
    if "_" in written:
        return "a number has no underscores", f"write {cut(written.replace('_', ''))}"
    if re.fullmatch(r"[0-9.]+[eE][0-9]*", written):
        return "a number has no exponent", "write out its zeros: 100000 for 1e5"
    if re.fullmatch(r"[0-9]+\.", written):
        return "digits are missing after the point", f"write {cut(written)}0"
    if written.count(".") > 1:
        return "a number has one decimal point", "1000.50 has no signs between its thousands"
    if re.fullmatch(r"[0-9.]+", written):
        return "a number does not begin with a spare 0", "a 0 stands first only before the point"
    return f"`{cut(written)}` is neither a number nor a name", "is an operator or a space missing?"


def text_fault(body: str) -> tuple[int, Refusal] | None:
    """What is wrong with the inside of a text, and at which of its letters; None for a good one."""
    if len(body) > MAX_TEXT:
        message = f"a text has at most {MAX_TEXT} characters"
        return 0, Refusal(Fault.TEXT, message, "compare with a shorter one")
    for index, letter in enumerate(body):
        if letter == "\\":
            message = "a text is taken letter by letter and has no backslashes"
            remedy = "for a quote inside a text use the other kind of quotes around it"
            return index, Refusal(Fault.TEXT, message, remedy)
        if unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS:
            message = f"an invisible character (U+{ord(letter):04X}) stands in this text"
            remedy = "retype the text: it would never equal what it looks like"
            return index, Refusal(Fault.TEXT, message, remedy)
    return None


def prefix_fault(prefix: str) -> Refusal:
    """f'…', b'…' and their like."""
    remedy = "write the text in plain quotes"
    if "f" in prefix.lower() or "t" in prefix.lower():
        remedy = "a formula builds no texts: {names} are filled in in push texts"
    return Refusal(Fault.TEXT, f"a text has no prefix `{prefix}`", remedy)
