"""A finding points at what is wrong, counts code points, and says what to write instead."""

import pytest

from rules_engine.errors import FormulaError
from rules_engine.formula.checked import Kind
from rules_engine.formula.grammar import check_formula

FINDINGS = [
    ("topupAmout * 2", Kind.NUMBER, "topupAmout", "did you mean 'topupAmountMajor'?"),
    ("topup_count * 2", Kind.NUMBER, "topup_count", "did you mean 'topupCount'?"),
    ("percnt(hour, 2)", Kind.NUMBER, "percnt", "did you mean 'percent'?"),
    ("productId == 'ночь' and hуor > 3", Kind.FLAG, "у", "names are in plain Latin letters"),
    ("productId == '😀' and hor > 3", Kind.FLAG, "hor", "did you mean 'hour'?"),
    ("hour\n  + hor", Kind.NUMBER, "hor", "did you mean 'hour'?"),
    ("hour ** 2", Kind.NUMBER, "**", "multiply: x * x"),
    ("hour // 2", Kind.NUMBER, "//", "write floor(x / y)"),
    ("groups[0] == 'vip'", Kind.FLAG, "[0]", "a text is compared whole"),
    ("topUpSource.lower() == 'cash'", Kind.FLAG, ".lower", "plain names"),
    ("hour = 5", Kind.FLAG, "=", "write =="),
    ("1_000 + hour", Kind.NUMBER, "1_000", "write 1000"),
    ("hour + '5'", Kind.NUMBER, "'5'", "write the number without quotes: 5"),
    ("topUpSource == 'CHAS'", Kind.FLAG, "'CHAS'", "did you mean 'CASH'?"),
    ("topUpSource == CASH", Kind.FLAG, "CASH", "write 'CASH'"),
    ("topUpSource in ('CASH')", Kind.FLAG, "'CASH'", "write ('CASH',) or compare with =="),
    ("hour > 5 ? 1 : 2", Kind.NUMBER, "?", "x if condition else y"),
    ("topUpSource == 'CASH' or 'ACQUIRING'", Kind.FLAG, "'ACQUIRING'", "x in ('a', 'b')"),
    ("isBirthday == True", Kind.FLAG, "True", "write the condition itself"),
    ("hour > 5", Kind.NUMBER, "hour > 5", "(10 if condition else 0)"),
    ("topupAmountMajor", Kind.FLAG, "topupAmountMajor", "compare it: topupAmountMajor > 0"),
    ("min(hour)", Kind.NUMBER, "min(hour)", "write min(x, y, ...)"),
    ("clubId == 'a'", Kind.FLAG, "clubId", "name the clubs in the rule's `clubIds`"),
    ("0,5 * hour", Kind.NUMBER, ",", "a decimal point is a point: 0.5"),
    ("dayOfWeek == 'MON'", Kind.FLAG, "'MON'", "1 = Monday"),
    ("durationMinutes", Kind.NUMBER, "durationMinutes", "it belongs to VISIT_ENDED"),
]


@pytest.mark.parametrize(("text", "expects", "piece", "remedy"), FINDINGS)
def test_place_and_remedy(text: str, expects: Kind, piece: str, remedy: str) -> None:
    with pytest.raises(FormulaError) as caught:
        check_formula(text, "BALANCE_TOPPED_UP", expects)
    (problem,) = caught.value.problems
    assert text[problem.start : problem.end] == piece
    assert remedy in problem.remedy


def test_every_finding_of_a_formula_at_once() -> None:
    text = "topupAmout ** 2 + percnt(hour, 1_000) + expiredAmountMajor"
    with pytest.raises(FormulaError) as caught:
        check_formula(text, "BALANCE_TOPPED_UP", Kind.NUMBER)
    assert [text[problem.start : problem.end] for problem in caught.value.problems] == [
        "topupAmout",
        "**",
        "percnt",
        "1_000",
        "expiredAmountMajor",
    ]
    assert "belongs to BONUS_EXPIRED" in caught.value.problems[-1].remedy
    assert "did you mean" not in str(caught.value)


def test_the_parts_of_a_checked_tree_know_their_places() -> None:
    text = "productId == '😀' and (hour\n+ 1) > 3"
    checked = check_formula(text, "BALANCE_TOPPED_UP", Kind.FLAG)
    parts = [(each.col_offset, each.end_col_offset) for each in checked.tree.values]  # type: ignore[attr-defined]
    assert [text[start:end] for start, end in parts] == ["productId == '😀'", "hour\n+ 1) > 3"]
    assert checked.names == {"productId", "hour"}
