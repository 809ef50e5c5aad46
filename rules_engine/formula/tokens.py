"""Text → tokens. Everything that is no token of the language is found here, with its place.

After a finding the reader goes on with a stand-in, so that one run shows all that is wrong.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules_engine.formula.faults import MAX_DIGITS, MAX_PARTS, MAX_TEXT, Fault, Findings


class TokenKind(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    WORD = "word"
    SIGN = "sign"
    UNREADABLE = "unreadable"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`start`/`end`: offsets in code points. `text` of a WORD or SIGN is its normal spelling."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: Decimal | str | None = None


WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})

_SPACE = " \t\r\n"
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+")
_NUMBER_RUN = re.compile(r"[\w.]+")
_NAME_RUN = re.compile(r"\w+")
_SIGN = re.compile(
    r"\*\*=|//=|<<=|>>=|===|!==|\.\.\.|\*\*|//|<<|>>|<=|>=|==|!=|<>|=>|=<|:=|&&|\|\||->"
    r"|[-+*/%@&|^]=|[-+*/%@&|^~<>()\[\]{}.,:;=!?$`\\]"
)
_TEXT_PREFIXES = frozenset({"r", "b", "u", "f", "t", "rb", "br", "fr", "rf", "tr", "rt"})
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LOOK_ALIKES = {
    **dict.fromkeys("×∗⋅·", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–—", "-"),
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
"""Signs that a word processor puts in the place of those that are meant."""
_FANCY_QUOTES = {"“": "“”", "”": "”", "„": "“”", "‘": "’", "’": "’", "«": "»", "»": "«»"}
"""An opening quote of typography → those that may close it."""


class _Reader:
    def __init__(self, text: str, findings: Findings) -> None:
        self.text = text
        self.findings = findings
        self.at = 0

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while self.at < len(self.text):
            if self.text[self.at] in _SPACE:
                self.at += 1
            elif self.text[self.at] == "#":
                self._comment()
            elif len(found) == MAX_PARTS:
                return self._too_many()
            elif (token := self._token()) is not None:
                found.append(token)
        found.append(Token(TokenKind.END, "", len(self.text), len(self.text)))
        return found

    def _too_many(self) -> list[Token]:
        message = f"the formula has more than {MAX_PARTS} names, constants and signs"
        self.findings.add(Fault.TOO_LONG, message, 0, self.at, "split it into several rules")
        return []

    def _token(self) -> Token | None:
        first, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if first in "'\"":
            return self._text(self.at)
        if first.isdigit() or (first == "." and "0" <= following <= "9"):
            return self._number()
        if _NAME_RUN.match(first):
            return self._name()
        sign = _SIGN.match(self.text, self.at)
        if sign is None:
            return self._character()
        return self._take(TokenKind.SIGN, sign.end())

    def _take(self, kind: TokenKind, end: int, value: Decimal | str | None = None) -> Token:
        token = Token(kind, self.text[self.at : end], self.at, end, value)
        self.at = end
        return token

    def _comment(self) -> None:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        self.findings.add(
            Fault.COMMENT,
            "a formula has no comments",
            self.at,
            end,
            "put the comment on a YAML line of its own, outside the formula",
        )
        self.at = end

    def _character(self) -> Token | None:
        """A foreign sign is read as the one it looks like, a foreign space as a space."""
        letter, start = self.text[self.at], self.at
        if letter in _FANCY_QUOTES:
            return self._fancy_text(letter)
        end = start + 1
        while self.text[end : end + 1] == letter:
            end += 1
        name = unicodedata.name(letter, f"U+{ord(letter):04X}")
        meant = _LOOK_ALIKES.get(letter)
        invisible = letter.isspace() or not letter.isprintable()
        shown = "a character" if invisible else f"`{letter}`"
        remedy = "outside of texts in quotes only ASCII is read"
        if meant or invisible:
            remedy = f"write {meant}" if meant else "remove it, or write a plain space"
        self.findings.add(
            Fault.CHARACTER, f"{shown} ({name}) is not part of the language", start, end, remedy
        )
        self.at = end
        if invisible:
            return None
        kind = TokenKind.SIGN if meant else TokenKind.UNREADABLE
        return Token(kind, meant or letter, start, end)

    def _fancy_text(self, quote: str) -> Token:
        closing = re.compile(f"[^\n]*?[{_FANCY_QUOTES[quote]}]").match(self.text, self.at + 1)
        end = closing.end() if closing else self.at + 1
        self.findings.add(
            Fault.CHARACTER,
            f"`{quote}` is not a quote of the language",
            self.at,
            end,
            "put texts in straight quotes: 'text'",
        )
        return self._take(TokenKind.UNREADABLE, end)

    def _number(self) -> Token:
        run = _NUMBER_RUN.match(self.text, self.at)
        assert run is not None
        written, start, end = run.group(), self.at, run.end()
        if _PLAIN_NUMBER.fullmatch(written) is None:
            message, remedy = _what_is_wrong_with(written)
            self.findings.add(Fault.NUMBER, message, start, end, remedy)
        elif sum(letter != "." for letter in written) > MAX_DIGITS:
            self.findings.add(
                Fault.NUMBER,
                f"a number has at most {MAX_DIGITS} digits",
                start,
                end,
                "arithmetic keeps no more than that",
            )
        else:
            return self._take(TokenKind.NUMBER, end, Decimal(written))
        return self._take(TokenKind.NUMBER, end, Decimal(1))

    def _name(self) -> Token:
        run = _NAME_RUN.match(self.text, self.at)
        assert run is not None
        written, start, end = run.group(), self.at, run.end()
        if self.text[end : end + 1] in ("'", '"') and written.lower() in _TEXT_PREFIXES:
            return self._prefixed(end)
        if not written.isascii():
            return self._foreign_name(written, end)
        plain = written.lower()
        if plain not in WORDS:
            return self._take(TokenKind.NAME, end)
        if plain != written:
            self.findings.add(
                Fault.SPELLING, f"`{written}` is written in small letters", start, end, plain
            )
        self.at = end
        return Token(TokenKind.WORD, plain, start, end)

    def _foreign_name(self, written: str, end: int) -> Token:
        offset = next(index for index, letter in enumerate(written) if not letter.isascii())
        name = unicodedata.name(written[offset], f"U+{ord(written[offset]):04X}")
        self.findings.add(
            Fault.CHARACTER,
            f"`{written[offset]}` ({name}) is not a letter of the language",
            self.at + offset,
            self.at + offset + 1,
            "names are in plain Latin letters; other texts stand in quotes",
        )
        return self._take(TokenKind.UNREADABLE, end)

    def _prefixed(self, quote: int) -> Token:
        start, prefix = self.at, self.text[self.at : quote]
        builds = "f" in prefix.lower() or "t" in prefix.lower()
        self.findings.add(
            Fault.TEXT,
            f"a text has no prefix `{prefix}`",
            start,
            quote,
            "a formula builds no texts: {names} are filled in in push texts"
            if builds
            else "write the text in plain quotes",
        )
        return self._text(quote)

    def _text(self, start: int) -> Token:
        quote = self.text[start]
        if self.text.startswith(quote * 3, start):
            return self._triple(start, quote * 3)
        end = start + 1
        while end < len(self.text) and self.text[end] not in (quote, "\n", "\r"):
            end += 2 if self.text[end] == "\\" else 1
        if self.text[end : end + 1] == quote:
            self._check_text(start + 1, end)
            self.at = end + 1
            return Token(
                TokenKind.TEXT,
                self.text[start : end + 1],
                start,
                end + 1,
                self.text[start + 1 : end],
            )
        end = min(end, len(self.text))
        self.findings.add(
            Fault.TEXT,
            "this text has no closing quote on its line",
            start,
            end,
            f"close it with {quote}",
        )
        self.at = end
        return Token(TokenKind.UNREADABLE, self.text[start:end], start, end)

    def _triple(self, start: int, quotes: str) -> Token:
        close = self.text.find(quotes, start + 3)
        end = len(self.text) if close < 0 else close + 3
        self.findings.add(
            Fault.TEXT, "a text stands in single quotes of one kind", start, end, "write 'text'"
        )
        self.at = end
        return Token(TokenKind.UNREADABLE, self.text[start:end], start, end)

    def _check_text(self, start: int, end: int) -> None:
        if end - start > MAX_TEXT:
            self.findings.add(
                Fault.TEXT, f"a text has at most {MAX_TEXT} characters", start - 1, end + 1
            )
            return
        for index in range(start, end):
            letter = self.text[index]
            if letter == "\\":
                self.findings.add(
                    Fault.TEXT,
                    "a text is taken letter by letter and has no backslashes",
                    index,
                    index + 1,
                    "for a quote inside a text use the other kind of quotes around it",
                )
                return
            if unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS:
                self.findings.add(
                    Fault.TEXT,
                    f"an invisible character (U+{ord(letter):04X}) stands in this text",
                    index,
                    index + 1,
                    "retype the text: it would never equal what it looks like",
                )
                return


def _what_is_wrong_with(number: str) -> tuple[str, str]:
    """Message and remedy for a run of digits and letters that is no decimal."""
    if not number.isascii():
        return "a number is written in the digits 0 to 9", "retype it in plain digits"
    if re.match(r"0[xobXOB]", number):
        return f"`{_cut(number)}` is not a decimal number", "write it with the digits 0 to 9"
    if "_" in number:
        return "a number has no underscores", f"write {_cut(number.replace('_', ''))}"
    if re.fullmatch(r"[0-9.]+[eE][0-9]*", number):
        return "a number has no exponent", "write out its zeros: 100000 for 1e5"
    if re.fullmatch(r"[0-9]+\.", number):
        return "digits are missing after the point", f"write {_cut(number)}0"
    if number.count(".") > 1:
        return "a number has one decimal point", "1000.50 has no signs between its thousands"
    if re.fullmatch(r"[0-9.]+", number):
        return "a number does not begin with a spare 0", "a 0 stands first only before the point"
    return f"`{_cut(number)}` is neither a number nor a name", "is an operator or a space missing?"


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def read_tokens(text: str, findings: Findings) -> list[Token]:
    """The tokens of a formula, ending in an END token; none at all where they are too many.

    Raises nothing but TooManyFindings.
    """
    return _Reader(text, findings).tokens()
