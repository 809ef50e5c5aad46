"""Texts: what is read from them, and where findings point."""

from hashlib import sha256

import pytest

from rules_engine.diagnostics import Diagnostic, did_you_mean
from rules_engine.document import Ambiguous, Document, read_document
from rules_engine.errors import RuleSetError


def read(text: str | bytes, file: str = "rules.yaml") -> Document:
    return read_document(text, file)


def refused(text: str | bytes, file: str = "rules.yaml") -> list[Diagnostic]:
    with pytest.raises(RuleSetError) as error:
        read_document(text, file)
    return list(error.value.diagnostics)


def test_scalars_keep_their_source_text() -> None:
    values = read(
        "version: 1.10\nid: 007\nat: 10:00\nday: 2026-11-22\nhex: 0x1F\nquoted: 'NO'\n"
        "big: 123456789012345678901234567890.10\nexponent: 1e3\nlist: [101, 1_000]\nempty: ''\n"
    ).values()
    assert values == {
        "version": "1.10",
        "id": "007",
        "at": "10:00",
        "day": "2026-11-22",
        "hex": "0x1F",
        "quoted": "NO",
        "big": "123456789012345678901234567890.10",
        "exponent": "1e3",
        "list": ["101", "1_000"],
        "empty": "",
    }


def test_words_that_yaml_gives_a_meaning() -> None:
    values = read("a: true\nb: FALSE\nc: null\nd: ~\ne:\nf: No\ng: on\nh: nO\ni: truE\n").values()
    ambiguous = {key: values.pop(key) for key in "fg"}
    assert values == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": None,
        "h": "nO",
        "i": "truE",
    }
    assert all(isinstance(value, Ambiguous) for value in ambiguous.values())
    assert {key: value.text for key, value in ambiguous.items()} == {"f": "No", "g": "on"}


def test_json_is_read_with_tabs_escapes_and_byte_order_mark() -> None:
    text = (
        '\ufeff{\n\t"name": "caf\\u00e9 \\ud83d\\ude00 \\"x\\" \\/",\n\t"n": [1.10, -2e3, true],'
        '\n\t"o": {}}\r\n'
    )
    expected = {"name": 'café 😀 "x" /', "n": ["1.10", "-2e3", True], "o": {}}
    assert read(text, "rules.json").values() == expected
    assert read(text, "rules").values() == expected


def test_flow_yaml_that_is_no_json() -> None:
    assert read("{a: 1, 'b': [x]}").values() == {"a": "1", "b": ["x"]}


def test_broken_json_is_answered_as_json() -> None:
    (finding,) = refused('{"a": 1,\n\t"b" [1]}', "from a topic")
    assert (finding.code, finding.line, finding.column) == ("NOT_JSON", 2, 6)


def spot(document: Document, word: str) -> tuple[int, int, int]:
    """Where a finding about `word` inside the text at `x` points."""
    node = document.values()["x"]
    at = node.index(word)
    finding = document.finding_within("CODE", ("x",), "", at, at + len(word))
    assert finding.source == document.source.lines[finding.line - 1]
    return finding.line, finding.column, finding.width


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x: one WORD two\n", (1, 8, 4)),
        ("x: 'it''s one WORD'\n", (1, 15, 4)),
        ("x: 'a WO''RD'\n", None),
        ('x: "\\"q\\" \\u0041\\x41 \\U0001F600 WORD"\n', (1, 33, 4)),
        ('x: "tab\\tWORD"\n', (1, 10, 4)),
        ("x: |\n  one\n   two WORD\n", (3, 8, 4)),
        ("x: >-  # folded\n  one\n\n  two WORD three\n", (4, 7, 4)),
        ("x: one\n  two\n  three WORD\n", (3, 9, 4)),
        ('x: "one\n  two WORD"\n', (2, 7, 4)),
        ('x: "one \\\n  two WORD"\n', (2, 7, 4)),
        ('x: "one\n\n  WORD"\n', (3, 3, 4)),
        ("x: 'one\n  it''s\n  WORD'\n", (3, 3, 4)),
        ("x: 'день 😀 WORD'\r\n", (1, 12, 4)),
        ('{\n\t"x": "\\ud83d\\ude00 \\n WORD"}\n', (2, 24, 4)),
    ],
)
def test_places_inside_texts(text: str, place: tuple[int, int, int] | None) -> None:
    if place is None:
        assert spot(read(text), "WO'RD") == (1, 7, 6)
    else:
        assert spot(read(text), "WORD") == place


def test_a_place_after_the_end_of_a_text() -> None:
    finding = read("x: 'abc'\n").finding_within("CODE", ("x",), "", 3, 4)
    assert (finding.line, finding.column, finding.width) == (1, 8, 1)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("a",), (1, 4, 1)),
        (("b",), (3, 3, 3)),  # a list in lines is marked by its first item
        (("b", 1), (4, 5, 1)),
        (("c", "d"), (6, 6, 5)),
        (("c",), (6, 3, 8)),  # a mapping in lines by its first entry
        (("c", "missing"), (6, 3, 8)),
        (("e",), (7, 4, 6)),
        (("f",), (8, 1, 1)),  # no value: its key
        (("missing", "deep"), (1, 1, 4)),
    ],
)
def test_places_of_values(path: tuple[str | int, ...], place: tuple[int, int, int]) -> None:
    text = "a: 1\nb:\n  - x\n  - y\nc:\n  d: value\ne: {g: 1}\nf:\n"
    finding = read(text).finding("CODE", path, "")
    assert (finding.line, finding.column, finding.width) == place


def test_the_place_of_a_key() -> None:
    finding = read("a: 1\nbc: {d: 2}\n").finding("CODE", ("bc",), "", on_key=True)
    assert (finding.line, finding.column, finding.width) == (2, 1, 2)
    assert finding.path == "bc"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_all_line_ends_count(ends: str) -> None:
    finding = read(ends.join(["a: 1", "b: 2", "c: 3", ""])).finding("CODE", ("c",), "")
    assert (finding.line, finding.column, finding.source) == (3, 4, "c: 3")


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (b"a: \xff", "NOT_UTF8", (1, 4)),
        ("день: 1\nb: ж".encode() + b"\xd0\n", "NOT_UTF8", (2, 5)),
        ("a: 1\x00", "BAD_CHARACTER", (1, 5)),
        ("a: \ud800", "BAD_CHARACTER", (1, 4)),
        (b"a: \xff".decode(errors="surrogateescape"), "NOT_UTF8", (1, 4)),
        ("a: 1 # \u2028", "BAD_CHARACTER", (1, 8)),
        ("a: \ufeff", "BAD_CHARACTER", (1, 4)),
        ("a: &x 1\n", "ANCHOR", (1, 4)),
        ("a: !x 1\n", "TAG", (1, 4)),
        ("%TAG ! tag:example.com,2026:\n---\na: !x 1\n", "TAG", (3, 4)),
        ("a: 1\n---\nb: 1\n", "SEVERAL_DOCUMENTS", (2, 1)),
        ("? [a]\n: 1\n", "KEY_NOT_TEXT", (1, 3)),
        ("text\n", "NOT_A_RULE_SET", (1, 1)),
        ("\n\n", "EMPTY_FILE", (1, 1)),
    ],
)
def test_what_is_refused(text: str | bytes, code: str, place: tuple[int, int]) -> None:
    (finding,) = refused(text)
    assert (finding.code, finding.line, finding.column) == (code, *place)


def test_too_large() -> None:
    (finding,) = refused(b"#" * (16 * 1024 * 1024 + 1))
    assert finding.code == "TOO_LARGE"


def test_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules_engine.document.yaml_text.MAX_NODES", 10)
    monkeypatch.setattr("rules_engine.document.json_text.MAX_NODES", 10)
    assert read("a: [1, 2, 3, 4, 5, 6, 7]").values()
    assert read('{"a": [1, 2, 3, 4, 5, 6, 7]}', "rules.json").values()
    assert refused("a: [1, 2, 3, 4, 5, 6, 7, 8]")[0].code == "TOO_MANY_VALUES"
    assert refused('{"a": [1, 2, 3, 4, 5, 6, 7, 8]}', "x.json")[0].code == "TOO_MANY_VALUES"


@pytest.mark.parametrize("file", ["rules.yaml", "rules.json"])
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting_ends_early(file: str, bracket: str) -> None:
    (finding,) = refused(bracket * 100_000, file)
    assert finding.code == "TOO_DEEP"


def test_every_repeated_key_is_found_and_the_first_counts() -> None:
    document = read("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert [(found.line, found.column) for found in document.findings] == [(2, 11), (3, 1)]
    assert document.values() == {"a": "1", "b": {"c": "1"}}


class TestHash:
    TEXT = "a: 1.10\nb: [x, 'y']\nc: {d: true}\n"

    @pytest.mark.parametrize(
        "same",
        [
            "# why\na:   1.10\n\nb:\n  - x\n  - y # here\nc:\n  d: true\n",
            "c: {d: true}\nb: ['x', \"y\"]\na: '1.10'\n",
            '{"c": {"d": true}, "a": 1.10, "b": ["x", "y"]}',
        ],
    )
    def test_layout_does_not_count(self, same: str) -> None:
        assert read(same).content_hash() == read(self.TEXT).content_hash()

    @pytest.mark.parametrize(
        "other",
        [
            "a: 1.1\nb: [x, y]\nc: {d: true}\n",
            "a: 1.10\nb: [y, x]\nc: {d: true}\n",
            "a: 1.10\nb: [x, y]\nc: {d: false}\n",
            "a: 1.10\nb: [x, y]\nc: {d: true, e: 1}\n",
        ],
    )
    def test_what_is_said_counts(self, other: str) -> None:
        assert read(other).content_hash() != read(self.TEXT).content_hash()

    def test_it_stays_what_it_is(self) -> None:
        """Hashes are kept in topics and state: another canonical form would orphan them."""
        canonical = '{"a":"1.10","b":["x","y"],"c":{"d":"true"}}'
        assert read(self.TEXT).content_hash() == sha256(canonical.encode()).hexdigest()


class TestText:
    def test_a_long_line_is_cut_around_the_place(self) -> None:
        line = "x" * 500 + "WORD" + "y" * 500
        shown = str(Diagnostic("C", "m", "f", 1, 501, 4, line)).splitlines()
        at = shown[1].index("WORD")
        assert shown[2] == " " * 6 + "| " + " " * (at - 8) + "^^^^"
        assert len(shown[1]) < 180
        assert shown[1][8] == shown[1][-1] == "…"

    def test_carets_stand_under_wide_letters_and_after_tabs(self) -> None:
        shown = str(Diagnostic("C", "m", "f", 1, 4, 2, "\t現e\u0301金z")).splitlines()
        assert shown[1] == "    1 | \t現e\u0301金z"
        assert shown[2] == "      | \t   ^^"

    def test_control_characters_do_not_reach_the_terminal(self) -> None:
        shown = str(Diagnostic("C", "m", "f", 1, 1, 1, "a\x1b[31mb"))
        assert "\x1b" not in shown

    def test_a_finding_without_a_place(self) -> None:
        assert str(Diagnostic("C", "m", "f", 0, 1, 1, "x + 1", remedy="r")) == (
            "f: m [C]\n      | x + 1\n      | ^\n      = r"
        )

    @pytest.mark.parametrize(
        ("word", "answer"),
        [
            ("titel", "did you mean 'title'?"),
            ("TITLE", "did you mean 'title'?"),
            ("weather", ""),
            ("x" * 10_000, ""),
        ],
    )
    def test_did_you_mean(self, word: str, answer: str) -> None:
        assert did_you_mean(word, ["title", "body"]) == answer
