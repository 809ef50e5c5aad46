"""Text → tokens. Everything that is no token of the language is found here, with its place.

After a finding the reader goes on with a stand-in, so that one run shows all that is wrong.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules_engine.formula.characters import FANCY_QUOTES, fancy_quote, foreign, foreign_letter
from rules_engine.formula.faults import MAX_PARTS, Fault, Findings, Refusal
from rules_engine.formula.literals import number_fault, prefix_fault, text_fault


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
_NUMBER_RUN = re.compile(r"[\w.]+")
_NAME_RUN = re.compile(r"\w+")
_SIGN = re.compile(
    r"\*\*=|//=|<<=|>>=|===|!==|\.\.\.|\*\*|//|<<|>>|<=|>=|==|!=|<>|=>|=<|:=|&&|\|\||->"
    r"|[-+*/%@&|^]=|[-+*/%@&|^~<>()\[\]{}.,:;=!?$`\\]"
)
_TEXT_PREFIXES = frozenset({"r", "b", "u", "f", "t", "rb", "br", "fr", "rf", "tr", "rt"})

_TOO_MANY = Refusal(
    Fault.TOO_LONG,
    f"the formula has more than {MAX_PARTS} names, constants and signs",
    "split it into several rules",
)
_COMMENT = Refusal(
    Fault.COMMENT,
    "a formula has no comments",
    "put the comment on a YAML line of its own, outside the formula",
)


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
                self.comment()
            elif len(found) == MAX_PARTS:
                self.findings.refuse(_TOO_MANY, 0, self.at)
                return []
            elif (token := self.token()) is not None:
                found.append(token)
        found.append(Token(TokenKind.END, "", len(self.text), len(self.text)))
        return found

    def token(self) -> Token | None:
        first, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if first in "'\"":
            return self.quoted()
        if first in FANCY_QUOTES:
            return self.fancy()
        if first.isdigit() or (first == "." and "0" <= following <= "9"):
            return self.number(_end_of_run(_NUMBER_RUN, self.text, self.at))
        if _NAME_RUN.match(first):
            return self.name(_end_of_run(_NAME_RUN, self.text, self.at))
        sign = _SIGN.match(self.text, self.at)
        return self.character() if sign is None else self.take(TokenKind.SIGN, sign.end())

    def take(self, kind: TokenKind, end: int, value: Decimal | str | None = None) -> Token:
        token = Token(kind, self.text[self.at : end], self.at, end, value)
        self.at = end
        return token

    def comment(self) -> None:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        self.findings.refuse(_COMMENT, self.at, end)
        self.at = end

    def character(self) -> Token | None:
        """A foreign sign is read as the one it looks like, a foreign space as a space."""
        letter, start = self.text[self.at], self.at
        while self.text[self.at : self.at + 1] == letter:
            self.at += 1
        refusal, meant, invisible = foreign(letter)
        self.findings.refuse(refusal, start, self.at)
        if invisible:
            return None
        kind = TokenKind.SIGN if meant else TokenKind.UNREADABLE
        return Token(kind, meant or letter, start, self.at)

    def fancy(self) -> Token:
        quote = self.text[self.at]
        closing = re.compile(f"[^\n]*?[{FANCY_QUOTES[quote]}]").match(self.text, self.at + 1)
        end = closing.end() if closing else self.at + 1
        self.findings.refuse(fancy_quote(quote), self.at, end)
        return self.take(TokenKind.UNREADABLE, end)

    def number(self, end: int) -> Token:
        written = self.text[self.at : end]
        if (fault := number_fault(written)) is None:
            return self.take(TokenKind.NUMBER, end, Decimal(written))
        self.findings.refuse(fault, self.at, end)
        return self.take(TokenKind.NUMBER, end, Decimal(1))

    def name(self, end: int) -> Token:
        written, start = self.text[self.at : end], self.at
        if self.text[end : end + 1] in ("'", '"') and written.lower() in _TEXT_PREFIXES:
            self.findings.refuse(prefix_fault(written), start, end)
            self.at = end
            return self.quoted()
        if not written.isascii():
            return self.foreign_name(end)
        plain = written.lower()
        if plain not in WORDS:
            return self.take(TokenKind.NAME, end)
        if plain != written:
            message = f"`{written}` is written in small letters"
            self.findings.add(Fault.SPELLING, message, start, end, f"write {plain}")
        self.at = end
        return Token(TokenKind.WORD, plain, start, end)

    def foreign_name(self, end: int) -> Token:
        offset = next(at for at in range(self.at, end) if not self.text[at].isascii())
        self.findings.refuse(foreign_letter(self.text[offset]), offset, offset + 1)
        return self.take(TokenKind.UNREADABLE, end)

    def quoted(self) -> Token:
        start, quote = self.at, self.text[self.at]
        if self.text.startswith(quote * 3, start):
            return self.triple(quote * 3)
        end = start + 1
        while end < len(self.text) and self.text[end] not in (quote, "\n", "\r"):
            end += 2 if self.text[end] == "\\" else 1
        if self.text[end : end + 1] != quote:
            end = min(end, len(self.text))
            message = "this text has no closing quote on its line"
            self.findings.add(Fault.TEXT, message, start, end, f"close it with {quote}")
            return self.take(TokenKind.UNREADABLE, end)
        body = self.text[start + 1 : end]
        if (fault := text_fault(body)) is not None:
            offset, refusal = fault
            self.findings.refuse(refusal, start + 1 + offset, start + 2 + offset)
        return self.take(TokenKind.TEXT, end + 1, body)

    def triple(self, quotes: str) -> Token:
        close = self.text.find(quotes, self.at + 3)
        end = len(self.text) if close < 0 else close + 3
        message = "a text stands between two quotes, not six"
        self.findings.add(Fault.TEXT, message, self.at, end, "write 'text'")
        return self.take(TokenKind.UNREADABLE, end)


def _end_of_run(run: re.Pattern[str], text: str, start: int) -> int:
    found = run.match(text, start)
    return found.end() if found else start + 1


def read_tokens(text: str, findings: Findings) -> list[Token]:
    """The tokens of a formula, ending in an END token; none at all where they are too many.

    Raises nothing but TooManyFindings.
    """
    return _Reader(text, findings).tokens()
