"""Code objects of generated text, kept from one rule set to the next.

Organizations of one network have much the same rules: of a thousand sets most functions are alike,
and to compile their text is half of what a proof takes once its formulas are known.
"""

from collections import OrderedDict
from types import CodeType

MOST_CHARACTERS = 8_000_000
"""Of the texts that are kept; with their code about 30 MB, which the next set's memory lacks."""


class KnownCodes:
    """By text; beyond the bound, those that no set had for longest are forgotten."""

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self._most, self._size = most, 0
        self._codes: OrderedDict[str, CodeType] = OrderedDict()

    def __getitem__(self, text: str) -> CodeType:
        """Raises KeyError."""
        code = self._codes[text]
        self._codes.move_to_end(text)
        return code

    def keep(self, codes: dict[str, CodeType]) -> None:
        for text, code in codes.items():
            if text not in self._codes:
                self._codes[text] = code
                self._size += len(text)
        while self._size > self._most:
            text, _ = self._codes.popitem(last=False)
            self._size -= len(text)


class CodesOfOne(dict[str, CodeType]):
    """Those that one set uses, known before or not."""

    def __init__(self, known: KnownCodes) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, text: str) -> CodeType:
        code = self[text] = self._known[text]
        return code
