"""Bonuses without an end or a limit, and the guide's advice: which rule sets are told, and which an
author would be annoyed to be told of."""

import pytest

from tests.unit.lint.authored import (
    NOT_VIP,
    PAID,
    TOPUP,
    VIP,
    VISIT,
    Rule,
    assign,
    found,
    linted,
    rule,
    unassign,
)

NO_EXPIRY, LENGTH, FEEDS = "NO_EXPIRY", "EXPIRY_LENGTH", "FEEDS_ITSELF"
NO_LIMIT, NO_BUDGET, SHARE = "NO_LIMIT", "NO_BUDGET", "BONUS_SHARE"
LIFETIME = {"perClient": [{"times": 1, "per": "LIFETIME"}]}
MONTHLY = {"perClient": [{"times": 1, "per": "MONTH"}]}
BUDGET = {"budget": {"amountMajor": 1000, "per": "MONTH"}}
PER_CLIENT = {"perClientCredit": {"amountMajor": 1000, "per": "DAY"}}
EXPIRED, EXPIRING = "BONUS_EXPIRED", "BONUS_EXPIRING"
DECEMBER = {"from": "2026-12-01T00:00:00+03:00", "to": "2027-01-01T00:00:00+03:00"}


def lasting(days: int | None, trigger: str = "BIRTHDAY", **settings: object) -> Rule:
    """A rule whose bonuses live so long; on birthdays, where nothing else is to be said."""
    made = rule(trigger, "50", **settings)
    credit = {key: value for key, value in made["actions"][0].items() if key != "expiresInDays"}
    return made | {"actions": [credit if days is None else credit | {"expiresInDays": days}]}


LIVES = [(None, NO_EXPIRY), (1, LENGTH), (29, LENGTH), (30, ""), (45, ""), (60, ""), (61, LENGTH)]


@pytest.mark.parametrize(("days", "code"), [*LIVES, (36_500, LENGTH)])
def test_how_long_bonuses_live(days: int | None, code: str) -> None:
    assert found(linted([lasting(days)])) == ([(code, "r0")] if code else [])


def test_of_several_credits_each_is_told() -> None:
    short, endless = lasting(7)["actions"][0], lasting(None)["actions"][0]
    report = linted([lasting(45) | {"actions": [short, lasting(45)["actions"][0], endless]}])
    assert found(report) == [(LENGTH, "r0"), (NO_EXPIRY, "r0")]


SHARES = [("TARIFF", 35, False), ("TARIFF", 36, True), ("TARIFF", 100, True), ("BAR", 100, False)]


@pytest.mark.parametrize(("kind", "percent", "is_told"), [*SHARES, ("MULTIPASS", 80, False)])
def test_how_much_of_a_price_bonuses_may_pay(kind: str, percent: int, is_told: bool) -> None:
    product = {"productId": "p", "productType": kind, "maxBonusPercent": percent}
    report = linted([lasting(45)], head={"products": [product]})
    assert found(report) == ([(SHARE, "")] if is_told else [])


@pytest.mark.parametrize("percent", [None, 35, 36])
def test_how_much_of_a_price_where_no_product_says(percent: int | None) -> None:
    head = {"productDefaults": {} if percent is None else {"maxBonusPercent": percent}}
    assert found(linted([lasting(45)], head=head)) == ([] if percent == 35 else [(SHARE, "")])
    assert found(linted([rule(VISIT, None, assign("a"))], head=head)) == []


LIMITS: list[tuple[str, Rule, Rule, list[str]]] = [
    # what it is about, the rule, limits of the set, the codes
    ("a visit", rule(VISIT, "5"), {}, [NO_LIMIT]),
    ("a visit's end", rule("VISIT_ENDED", "5"), {}, [NO_LIMIT]),
    ("a promo code", rule("PROMO_CODE_REDEEMED", "5"), {}, [NO_LIMIT]),
    ("a visit once a day", rule(VISIT, "5", times=1), {}, []),
    ("a visit in twelve hours", rule(VISIT, "5", limits={"cooldown": {"hours": 12}}), {}, []),
    ("a visit within a budget", rule(VISIT, "5", limits=BUDGET), {}, []),
    ("a visit within the set's budget", rule(VISIT, "5"), BUDGET, []),
    ("a visit within what a client gets", rule(VISIT, "5"), PER_CLIENT, []),
    (
        "the set limits pushes only",
        rule(VISIT, "5"),
        {"push": {"times": 1, "per": "DAY"}},
        [NO_LIMIT],
    ),
    ("the tenth visit", rule(VISIT, "5", when="visitCount == 9"), {}, []),
    ("from the tenth visit on", rule(VISIT, "5", when="visitCount >= 9"), {}, [NO_LIMIT]),
    ("a visit after days away", rule(VISIT, "5", when="daysSinceLastVisit >= 7"), {}, []),
    ("a visit of the dormant", rule(VISIT, "5", audience={"dormantForDays": 14}), {}, []),
    (
        "a visit after none, or days away",
        rule(VISIT, "5", when="coalesce(daysSinceLastVisit, 99) >= 7"),
        {},
        [],
    ),
    (
        "a visit on the day of another",
        rule(VISIT, "5", when="daysSinceLastVisit >= 0"),
        {},
        [NO_LIMIT],
    ),
    ("a top-up after days away", rule(TOPUP, "5", when="daysSinceLastVisit >= 7"), {}, [NO_BUDGET]),
    (
        "a visit before any top-up",
        rule(VISIT, "5", audience={"firstTopupOnly": True}),
        {},
        [NO_LIMIT],
    ),
    ("a visit of a guest group", rule(VISIT, "5", audience=VIP), {}, [NO_LIMIT]),
    ("a visit that ends the group", rule(VISIT, "5", unassign("vip"), audience=VIP), {}, []),
    ("a visit that gives the group", rule(VISIT, "5", assign("vip"), audience=NOT_VIP), {}, []),
    ("a visit on Mondays", rule(VISIT, "5", when="dayOfWeek == 1"), {}, [NO_LIMIT]),
    ("a visit that pays nothing", rule(VISIT, None, assign("a")), {}, []),
    ("a visit that is switched off", rule(VISIT, "5", enabled=False), {}, []),
    ("a share of a top-up", rule(TOPUP, "percent(topupAmountMajor, 5)"), {}, [NO_BUDGET]),
    ("a share of a payment", rule(PAID, "percent(totalAmountMajor, 5)"), {}, [NO_BUDGET]),
    ("a first top-up", rule(TOPUP, "5", audience={"firstTopupOnly": True}), {}, []),
    ("a first top-up in words", rule(TOPUP, "5", when="isFirstTopup"), {}, []),
    ("the first five", rule(TOPUP, "5", when="topupCount < 5"), {}, []),
    ("no average yet", rule(TOPUP, "5", when="not known(averageTopupMajor)"), {}, []),
    ("a birthday", rule("BIRTHDAY", "5"), {}, []),
    ("a registration", rule("CLIENT_REGISTERED", "5"), {}, []),
    ("who is absent", rule("CLIENT_ABSENT", "5", after={"days": 14}), {}, []),
    ("after the first visit", rule("AFTER_FIRST_VISIT", "5", after={"days": 1}), {}, []),
    ("a lapse, of which a push is enough", rule(EXPIRED, None, assign("a")), {}, []),
]


@pytest.mark.parametrize(
    ("written", "limits", "codes"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS]
)
def test_what_limits_a_credit(written: Rule, limits: Rule, codes: list[str]) -> None:
    report = linted([written], limits)
    assert [code for code, _ in found(report, NO_LIMIT, NO_BUDGET)] == codes


FED: list[tuple[str, Rule, list[str]]] = [
    ("half of what lapses", lasting(30, EXPIRED), [FEEDS]),
    ("before it lapses", lasting(30, EXPIRING, before={"days": 3}), [FEEDS]),
    ("what never lapses", lasting(None, EXPIRED), []),
    ("once in a life", lasting(30, EXPIRED, limits=LIFETIME), []),
    ("once a month goes on", lasting(30, EXPIRED, limits=MONTHLY), [FEEDS]),
    ("a budget goes on", lasting(30, EXPIRED, limits=BUDGET), [FEEDS]),
    ("of members, for ever", lasting(30, EXPIRED, audience=VIP), [FEEDS]),
    ("no credit", rule(EXPIRED, None, assign("a")), []),
    ("not of those whom it comforted", rule(EXPIRED, "5", assign("vip"), audience=NOT_VIP), []),
    ("of those whom it takes out", rule(EXPIRED, "5", unassign("vip"), audience=VIP), []),
    ("the same in a condition", rule(EXPIRED, "5", assign("vip"), when="'vip' not in groups"), []),
    (
        "of those who are out for a week only",
        rule(EXPIRED, "5", assign("vip", expiresInDays=7), audience=NOT_VIP),
        [FEEDS],
    ),
    ("in December only", lasting(31, EXPIRED, validity=DECEMBER), []),
    ("in December, and again in it", lasting(30, EXPIRED, validity=DECEMBER), [FEEDS]),
    (
        "in December, three days before",
        lasting(33, EXPIRING, before={"days": 3}, validity=DECEMBER),
        [FEEDS],
    ),
    (
        "in December, two days before",
        lasting(33, EXPIRING, before={"days": 2}, validity=DECEMBER),
        [],
    ),
    ("of a top-up", lasting(30, TOPUP), []),
]


@pytest.mark.parametrize(
    ("written", "codes"), [case[1:] for case in FED], ids=[case[0] for case in FED]
)
def test_what_feeds_itself(written: Rule, codes: list[str]) -> None:
    assert [code for code, _ in found(linted([written]), FEEDS)] == codes
