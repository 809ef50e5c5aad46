"""One rule: can it fire at all, does each of its conditions ask anything? Written as authors do,
beside what lint is to say; where it is to say nothing, an event fires the rule."""

import pytest

from rules_engine.compile import compile_rule_set
from rules_engine.lint import LintReport
from rules_engine.simulate import simulate
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
    push,
    rule,
    unassign,
)

CODES = (
    "NEVER_FIRES",
    "EXPIRED",
    "ALWAYS_TRUE",
    "NEVER_TRUE",
    "FORMULA_FAILS",
    "ZERO_CREDIT",
    "OVER_LIMIT",
)
ENDED, PROMO = "VISIT_ENDED", "PROMO_CODE_REDEEMED"
X = "topupAmountMajor"


def week(days: str, since: str, until: str) -> list[Rule]:
    return [{"days": days.split(), "from": since, "to": until}]


ALL_DAYS = "MON TUE WED THU FRI SAT SUN"
MORNING, FRIDAY_NIGHT = week(ALL_DAYS, "08:00", "12:00"), week("FRI", "22:00", "02:00")

NEVER: list[tuple[str, Rule]] = [
    ("amounts turned round", rule(TOPUP, "5", when=f"{X} > 500 and {X} < 400")),
    ("nothing between two kopecks", rule(TOPUP, "5", when=f"400 < {X} < 400.01")),
    ("an amount of half a kopeck", rule(TOPUP, "5", when=f"{X} == 400.005")),
    ("equal to two amounts", rule(TOPUP, "5", when=f"{X} == 400 and {X} == 500")),
    (
        "half of it above, twice it below",
        rule(TOPUP, "5", when=f"{X} / 2 >= 300 and {X} * 2 < 1000"),
    ),
    ("a negative amount", rule(TOPUP, "5", when=f"{X} < 0")),
    (
        "two sources at once",
        rule(TOPUP, "5", when="topUpSource == 'CASH' and topUpSource == 'ACQUIRING'"),
    ),
    ("cash without a shift", rule(TOPUP, "5", when="topUpSource == 'CASH' and not known(shiftId)")),
    ("an eighth day", rule(TOPUP, "5", when="dayOfWeek == 8")),
    ("a day 0", rule(TOPUP, "5", when="dayOfWeek in (0,)")),
    ("an hour 24", rule(TOPUP, "5", when="hour == 24")),
    (
        "a weekend among working days",
        rule(
            VISIT, "5", when="dayOfWeek > 5", window=week("MON TUE WED THU FRI", "10:00", "17:00")
        ),
    ),
    ("an evening in the morning", rule(VISIT, "5", when="hour >= 18", window=MORNING)),
    (
        "Friday night on Saturday evening",
        rule(VISIT, "5", when="dayOfWeek == 6 and hour > 3", window=FRIDAY_NIGHT),
    ),
    (
        "the group in the condition, not in the audience",
        rule(VISIT, "5", when="'vip' in groups", audience=NOT_VIP),
    ),
    (
        "a first top-up of an old client",
        rule(TOPUP, "5", when="topupCount >= 3", audience={"firstTopupOnly": True}),
    ),
    (
        "a first top-up with an average",
        rule(TOPUP, "5", when="isFirstTopup and averageTopupMajor > 100"),
    ),
    (
        "new and old",
        rule(VISIT, "5", when="daysSinceRegistration > 60", audience={"newMemberWithinDays": 30}),
    ),
    (
        "dormant, and here yesterday",
        rule(VISIT, "5", when="daysSinceLastVisit <= 1", audience={"dormantForDays": 14}),
    ),
    (
        "dormant, and never here",
        rule(VISIT, "5", when="not known(daysSinceLastVisit)", audience={"dormantForDays": 14}),
    ),
    ("a bonus part above all bounds", rule(PAID, "5", when="bonusAmountMajor < 0")),
    ("a negative stay", rule(ENDED, "5", when="durationMinutes < 0")),
    (
        "absent longer than the timer",
        rule("CLIENT_ABSENT", "5", after={"days": 14}, when="daysSinceLastVisit >= 30"),
    ),
    ("at another hour than the timer's", rule("BIRTHDAY", "5", at="10:00", when="hour >= 18")),
    ("no birthday on a birthday", rule("BIRTHDAY", "5", when="not isBirthday")),
    ("outside the timer's window", rule("BIRTHDAY", "5", window=week(ALL_DAYS, "12:00", "20:00"))),
    (
        "a date before another",
        rule(VISIT, "5", when="localDate > '2026-12-31' and localDate < '2026-12-01'"),
    ),
    ("a bucket of a hundred", rule(VISIT, "5", when="bucket('a') >= 100")),
    (
        "both halves of an experiment",
        rule(VISIT, "5", when="bucket('a') < 50 and bucket('a') >= 50"),
    ),
    ("not, turned twice", rule(TOPUP, "5", when=f"not ({X} >= 100 or {X} < 100)")),
    (
        "a choice of two that are both too small",
        rule(TOPUP, "5", when="(5 if isBirthday else 10) > 20"),
    ),
    ("the least of two is larger than one", rule(TOPUP, "5", when=f"min({X}, 100) > 200")),
]

OTHER: list[tuple[str, Rule, list[str]]] = [
    (
        "over since yesterday",
        rule(TOPUP, "5", validity={"to": "2026-11-22T00:00:00+03:00"}),
        ["EXPIRED"],
    ),
    (
        "over this instant",
        rule(TOPUP, "5", validity={"to": "2026-11-23T12:00:00+03:00"}),
        ["EXPIRED"],
    ),
    (
        "over, and never true",
        rule(TOPUP, "5", when=f"{X} < 0", validity={"to": "2026-11-22T00:00:00+03:00"}),
        ["EXPIRED"],
    ),
    ("above nothing", rule(TOPUP, "5", when=f"{X} > 0"), ["ALWAYS_TRUE"]),
    (
        "every source",
        rule(TOPUP, "5", when="topUpSource in ('CASH', 'POS_TERMINAL', 'ACQUIRING')"),
        ["ALWAYS_TRUE"],
    ),
    ("every weekday", rule(VISIT, "5", when="dayOfWeek >= 1 and dayOfWeek <= 7"), ["ALWAYS_TRUE"]),
    ("every hour", rule(VISIT, "5", when="0 <= hour < 24"), ["ALWAYS_TRUE"]),
    ("first or not", rule(TOPUP, "5", when="isFirstTopup or topupCount > 0"), ["ALWAYS_TRUE"]),
    ("member or not", rule(TOPUP, "5", when="'a' in groups or 'a' not in groups"), ["ALWAYS_TRUE"]),
    ("at least as much as the least", rule(TOPUP, "5", when=f"{X} >= 0.01"), ["ALWAYS_TRUE"]),
    ("a half that always holds", rule(TOPUP, "5", when=f"{X} > 100 and {X} > 0"), ["ALWAYS_TRUE"]),
    ("an or that never holds", rule(TOPUP, "5", when=f"{X} > 100 or {X} < 0"), ["NEVER_TRUE"]),
    ("a not that always holds", rule(TOPUP, "5", when=f"not {X} < 0"), ["ALWAYS_TRUE"]),
    ("both", rule(TOPUP, "5", when=f"{X} > 100 and ({X} > 0 or hour > 30)"), ["ALWAYS_TRUE"]),
    ("known, of what is always there", rule(TOPUP, "5", when=f"known({X})"), ["ALWAYS_TRUE"]),
    ("a birthday on a birthday", rule("BIRTHDAY", "5", when="isBirthday"), ["ALWAYS_TRUE"]),
    (
        "absent as long as the timer says",
        rule("CLIENT_ABSENT", "5", after={"days": 14}, when="daysSinceLastVisit >= 14"),
        ["ALWAYS_TRUE"],
    ),
    (
        "the hour of the timer",
        rule("BIRTHDAY", "5", at="18:00", when="hour == 18"),
        ["ALWAYS_TRUE"],
    ),
    ("all week long", rule(VISIT, "5", window=week(ALL_DAYS, "00:00", "00:00")), ["ALWAYS_TRUE"]),
    (
        "day and night",
        rule(
            VISIT,
            "5",
            window=[*week(ALL_DAYS, "08:00", "20:00"), *week(ALL_DAYS, "20:00", "08:00")],
        ),
        ["ALWAYS_TRUE"],
    ),
    ("all but a minute", rule(VISIT, "5", window=week(ALL_DAYS, "00:00", "23:59")), []),
    (
        "all but Sunday",
        rule(VISIT, "5", window=week("MON TUE WED THU FRI SAT", "00:00", "00:00")),
        [],
    ),
    (
        "a bonus balance of at least nothing",
        rule(VISIT, "5", when="bonusBalanceMajor >= 0"),
        ["ALWAYS_TRUE"],
    ),
    ("a visit count of at least none", rule(VISIT, "5", when="visitCount >= 0"), ["ALWAYS_TRUE"]),
    (
        "each of a long list",
        rule(VISIT, "5", when="dayOfWeek in (1, 2, 3, 4, 5, 6, 7)"),
        ["ALWAYS_TRUE"],
    ),
    ("the greatest of two", rule(TOPUP, "5", when=f"max({X}, 100) >= 100"), ["ALWAYS_TRUE"]),
    ("a bucket below a hundred", rule(VISIT, "5", when="bucket('a') < 100"), ["ALWAYS_TRUE"]),
    ("a share of less than the whole", rule(TOPUP, "5", when=f"percent({X}, 5) < {X}"), []),
    (
        "the average of a first top-up",
        rule(TOPUP, "averageTopupMajor", audience={"firstTopupOnly": True}),
        ["FORMULA_FAILS"],
    ),
    (
        "divided by no top-ups",
        rule(TOPUP, "100 / topupCount", when="isFirstTopup"),
        ["FORMULA_FAILS"],
    ),
    (
        "a push about a visit that was not",
        rule(VISIT, "5", push("{daysSinceLastVisit} days"), when="not known(daysSinceLastVisit)"),
        ["FORMULA_FAILS"],
    ),
    ("nothing at all", rule(TOPUP, "0"), ["ZERO_CREDIT"]),
    ("less than nothing", rule(TOPUP, f"min(0, {X})"), ["ZERO_CREDIT"]),
    (
        "a share that rounds to nothing",
        rule(TOPUP, f"percent({X}, 1)", when=f"{X} < 0.5"),
        ["ZERO_CREDIT"],
    ),
    ("that rounds to a kopeck", rule(TOPUP, f"percent({X}, 1)", when=f"{X} <= 0.5"), []),
    (
        "a share of a first top-up's total",
        rule(TOPUP, "percent(totalTopupMajor, 5)", when="isFirstTopup"),
        [],
    ),  # a total may be imported, or what is left of it
    ("above the set's limit", rule(TOPUP, "501"), ["OVER_LIMIT"]),
    ("just the set's limit", rule(TOPUP, "500"), []),
    ("above it for some", rule(TOPUP, X), []),
    ("above it for all", rule(TOPUP, X, when=f"{X} > 500"), ["OVER_LIMIT"]),
    (
        "above it together",
        rule(TOPUP, "300", {"type": "ADD_BONUS", "formula": "300", "expiresInDays": 45}),
        ["OVER_LIMIT"],
    ),
    (
        "above the rule's budget",
        rule(TOPUP, "50", limits={"budget": {"amountMajor": 49, "per": "DAY"}}),
        ["OVER_LIMIT"],
    ),
]

FINE: list[tuple[str, Rule]] = [
    ("an amount", rule(TOPUP, "5", when=f"{X} >= 300")),
    ("one amount only", rule(TOPUP, "5", when=f"{X} == 300")),
    ("the least amount", rule(TOPUP, "5", when=f"{X} <= 0.01")),
    ("a kopeck between", rule(TOPUP, "5", when=f"400 < {X} < 400.02")),
    ("a source", rule(TOPUP, "5", when="topUpSource in ('CASH', 'ACQUIRING')")),
    ("the last hour", rule(VISIT, "5", when="hour >= 23")),
    ("Saturday, after Friday night", rule(VISIT, "5", when="dayOfWeek == 6", window=FRIDAY_NIGHT)),
    ("a leap day", rule(VISIT, "5", when="localDate == '2028-02-29'")),
    ("of a group", rule(VISIT, "5", audience=VIP)),
    (
        "of one group and not of another",
        rule(VISIT, "5", audience=VIP | {"noneOfGroups": ["staff"]}),
    ),
    ("of a group twice", rule(VISIT, "5", audience=VIP, when="'gold' in groups")),
    ("a birthday", rule(VISIT, "5", when="isBirthday and hour < 12")),
    ("one bucket", rule(VISIT, "5", when="bucket('a') == 7")),
    ("two buckets", rule(VISIT, "5", when="bucket('a') < 10 and bucket('b') >= 90")),
    ("who came yesterday", rule(VISIT, "5", when="daysSinceLastVisit == 1")),
    ("who never came", rule(VISIT, "5", when="not known(daysSinceLastVisit)")),
    ("new", rule(VISIT, "5", audience={"newMemberWithinDays": 7})),
    ("in an hour's window", rule(VISIT, "5", window=week("SUN", "05:00", "06:00"))),
    ("from next year on", rule(VISIT, "5", validity={"from": "2027-01-01T00:00:00+03:00"})),
    ("with an average", rule(TOPUP, "percent(averageTopupMajor, 5)", when="topupCount > 2")),
    ("above its average", rule(TOPUP, "5", when=f"{X} > 1.5 * averageTopupMajor")),
    ("a product", rule(PAID, "5", when="productType == 'BAR' and totalAmountMajor > 100")),
    ("with a bonus part", rule(PAID, "5", when="bonusAmountMajor > 0")),
    ("without a bonus part", rule(PAID, "5", when="bonusAmountMajor == 0")),
    ("two hours", rule(ENDED, "5", when="durationMinutes >= 120")),
    ("a code", rule(PROMO, "5", when="code == 'SPRING'")),
    ("in one club", rule(VISIT, "5", clubIds=["a"])),
    ("out of a group", rule(VISIT, "5", unassign("vip"), assign("old"), audience=VIP)),
    ("an earmarked top-up", rule(TOPUP, "5", when="known(productId) and productId == 'night'")),
    ("with a choice", rule(TOPUP, f"{X} if isBirthday else 5", when=f"{X} < 400")),
    ("a third", rule(TOPUP, f"floor({X} / 3)", when=f"{X} / 3 > 10")),
]

LIMITS = {"perClientCredit": {"amountMajor": 500, "per": "DAY"}}


@pytest.mark.parametrize("written", [case[1] for case in NEVER], ids=[case[0] for case in NEVER])
def test_rules_that_can_never_fire(written: Rule) -> None:
    assert found(linted([written], LIMITS), *CODES) == [("NEVER_FIRES", "r0")]


@pytest.mark.parametrize(
    ("written", "codes"), [case[1:] for case in OTHER], ids=[case[0] for case in OTHER]
)
def test_conditions_and_credits_that_are_not_meant(written: Rule, codes: list[str]) -> None:
    assert [code for code, _ in found(linted([written], LIMITS), *CODES)] == codes


@pytest.mark.parametrize("written", [case[1] for case in FINE], ids=[case[0] for case in FINE])
def test_rules_that_an_event_fires(written: Rule) -> None:
    report = linted([written], LIMITS)
    assert found(report, *CODES) == []
    assert fires(report)


def fires(report: LintReport) -> bool:
    """The event that lint shows for its greatest payout."""
    (payout,) = report.payouts
    taken = list(simulate(compile_rule_set(report.rule_set), payout.lines))
    return taken[-1].outcome is not None and "r0" in taken[-1].outcome.fired
