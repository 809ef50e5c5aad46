"""As many expectations as can be are met, whatever the order."""

from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from rules_engine.cases.checked import Field, How, Pattern
from rules_engine.cases.match import Happened, differences, match

RULES, AMOUNTS = st.sampled_from("ab"), st.sampled_from([1, 2])


def pattern(rule: str | None, amount: int | None) -> Pattern:
    fields = []
    if rule is not None:
        fields.append(Field("ruleId", How.TEXT, rule))
    if amount is not None:
        fields.append(Field("amountMajor", How.AMOUNT, Decimal(amount)))
    return Pattern((), tuple(fields))


def happened(rule: str, amount: int) -> Happened:
    return Happened({"ruleId": rule, "amountMajor": f"{amount}.00", "eventId": "e-1"})


PATTERNS = st.lists(st.builds(pattern, st.none() | RULES, st.none() | AMOUNTS), max_size=4)
HAPPENED = st.lists(st.builds(happened, RULES, AMOUNTS), max_size=4)


@given(PATTERNS, HAPPENED)
def test_none_is_missed_that_could_be_met(patterns: list[Pattern], all_: list[Happened]) -> None:
    unmet, left = match(patterns, all_)
    padded: list[Happened | None] = [*all_, *[None] * len(patterns)]
    most = max(
        sum(
            each is not None and not any(differences(one, each))
            for one, each in zip(patterns, order, strict=False)
        )
        for order in permutations(padded, len(patterns))
    )
    assert len(patterns) - len(unmet) == most
    told = sum(each.nearest is not None for each in unmet)
    assert len(all_) == most + told + len(left)


def test_what_fits_two_is_left_to_the_one_that_has_nothing_else() -> None:
    assert match([pattern(None, 1), pattern("a", 1)], [happened("a", 1), happened("b", 1)]) == (
        [],
        [],
    )


def test_the_nearest_is_of_the_same_rule() -> None:
    [unmet], left = match([pattern("b", 1)], [happened("a", 1), happened("b", 2)])
    assert unmet.nearest == happened("b", 2)
    assert [field.name for field in unmet.differing] == ["amountMajor"]
    assert left == [happened("a", 1)]
