"""Push texts in pieces."""

import pytest

from rules_engine.author.templates import parse_template

TRIGGER = "BALANCE_TOPPED_UP"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", (("plain", None),)),
        ("{hour}", (("", "hour"),)),
        ("a {hour} b", (("a ", "hour"), (" b", None))),
        ("{hour}{localDate}", (("", "hour"), ("", "localDate"))),
        ("{{hour}}", (("{hour}", None),)),
        ("{{{hour}}}", (("{", "hour"), ("}", None))),
        ("100% {{}} }}{{", (("100% {} }{", None),)),
    ],
)
def test_pieces(text: str, pieces: tuple[tuple[str, str | None], ...]) -> None:
    template, problems = parse_template(text, 40, TRIGGER)
    assert problems == []
    assert (template.pieces, template.limit) == (pieces, 40)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a {b", "TEMPLATE_BRACE", (2, 3)),
        ("a }b", "TEMPLATE_BRACE", (2, 3)),
        ("{hour} {", "TEMPLATE_BRACE", (7, 8)),
        ("x {houre}", "TEMPLATE_UNKNOWN_NAME", (2, 9)),
        ("x {groups}", "TEMPLATE_UNKNOWN_NAME", (2, 10)),
        ("x {durationMinutes}", "TEMPLATE_UNKNOWN_NAME", (2, 19)),
        ("x {expiredAmountMajor}", "TEMPLATE_UNKNOWN_NAME", (2, 22)),
        ("x {hour!r}", "TEMPLATE_NAME", (2, 10)),
        ("x {hour.real}", "TEMPLATE_NAME", (2, 13)),
        ("x {}", "TEMPLATE_NAME", (2, 4)),
        ("  ", "EMPTY_VALUE", (0, 2)),
        ("a\tb", "BAD_CHARACTER", (1, 2)),
        ("x" * 41 + "{hour}", "TEMPLATE_TOO_LONG", (0, 47)),
    ],
)
def test_problems(text: str, code: str, place: tuple[int, int]) -> None:
    _, (problem,) = parse_template(text, 40, TRIGGER)
    assert (problem.code, problem.start, problem.end) == (code, *place)


@pytest.mark.parametrize(
    "text", ["x" * 40, "😀" * 40, "x" * 39 + "{{", "{bonusAmountMajor}" * 40, "one\ntwo"]
)
def test_the_limit_counts_code_points_without_names(text: str) -> None:
    assert parse_template(text, 40, TRIGGER)[1] == []


def test_names_of_a_trigger_that_is_not_known_are_not_judged() -> None:
    assert parse_template("{expiringAmountMajor}", 40, "BONUS_EXPIRINGG")[1] == []
