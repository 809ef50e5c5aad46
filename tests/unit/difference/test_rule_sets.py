"""What was changed, in words; what means nothing is no difference."""

from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.author import load_rule_set
from rules_engine.difference import Change, Detail, Kind, diff_rule_sets
from tests.unit.difference.texts import RULES, changed, lines

BAR = """\
  - id: bar
    trigger: PAYMENT_MADE
    actions: [{type: ADD_BONUS, formula: "5"}]
"""
DATA = Path(__file__).parents[2] / "data" / "author"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("percent: 12", "percent: 14", ["~ tier everyday.anchor: 12 % → 14 % from 400"]),
        ("atLeast: 400", "atLeast: 450", ["~ tier everyday.anchor: 12 % from 400 → 450"]),
        (
            "atLeast: 400, percent: 12",
            "atLeast: 500, percent: 12.5",
            ["~ tier everyday.anchor: 12 % from 400 → 12.5 % from 500"],
        ),
        (
            "expiresInDays: 45",
            "expiresInDays: 30",
            ["~ ladder everyday: expires: after 45 days → after 30 days"],
        ),
        (
            "percent: 20}",
            "percent: 20, expiresInDays: 60}",
            ["~ tier everyday.premium: expires: after 45 days → after 60 days"],
        ),
        (
            "clubIds: [club-1, club-2]",
            "clubIds: [club-2, club-3]",
            ["~ ladder everyday: clubs: club-1, club-2 → club-2, club-3"],
        ),
        ("name: Everyday", "name: Always", ['~ ladder everyday: name: "Everyday" → "Always"']),
        (
            "      - {id: premium, atLeast: 800, percent: 20}\n",
            "",
            ["- tier everyday.premium: 20 % from 800; clubs club-1, club-2; expires after 45 days;"
             " priority 50; exclusive everyday"],
        ),
        (
            "      - {id: entry, ",
            "      - {id: penny, atLeast: 100, percent: 3}\n      - {id: entry, ",
            ["+ tier everyday.penny: 3 % from 100; clubs club-1, club-2; expires after 45 days;"
             " priority 50; exclusive everyday"],
        ),
        (
            "  - id: bar\n",
            "  - id: kitchen\n",
            ["> rule bar → kitchen: renamed, so its limits per client, its cooldown and its budget"
             " begin anew"],
        ),
        (
            "  - id: daytime\n",
            "  - id: office-hours\n    enabled: false\n",
            ["> rule daytime → office-hours: renamed, so its limits per client, its cooldown and"
             " its budget begin anew",
             "~ rule office-hours: switched: on → off"],
        ),
        (
            BAR,
            "",
            ["- rule bar: PAYMENT_MADE; credit 5"],
        ),
        (
            "when: topupAmountMajor >= 300",
            "when: topupAmountMajor > 300",
            ["~ rule daytime: when: topupAmountMajor >= 300 → topupAmountMajor > 300"],
        ),
        ("    when: topupAmountMajor >= 300\n", "",
         ["~ rule daytime: when: topupAmountMajor >= 300 → always"]),
        (
            '[{days: [MON, TUE], from: "10:00", to: "17:00"}]',
            '[{days: [TUE, SUN], from: "10:00", to: "17:30"}, {from: "01:00", to: "02:00"}]',
            ["~ rule daytime: window: MON TUE 10:00–17:00 → 01:00–02:00, TUE SUN 10:00–17:30"],
        ),
        ("amountMajor: 1000", "amountMajor: 1200.50",
         ["~ rule daytime: budget: 1000 a day → 1200.5 a day"]),
        ("{times: 1, per: DAY}", "{times: 2, per: WEEK}",
         ["~ rule daytime: per client: once a day → twice a week"]),
        ("max: 500", "min: 10, max: 400",
         ["~ rule daytime: credit at least: none → 10",
          "~ rule daytime: credit at most: 500 → 400"]),
        ("percent(topupAmountMajor, 20)", "topupAmountMajor * 0.2",
         ["~ rule daytime: credit: percent(topupAmountMajor, 20) → topupAmountMajor * 0.2"]),
        ('title: "+{bonusAmountMajor}"', 'title: "{bonusAmountMajor} more"',
         ['~ rule daytime: push title: "+{bonusAmountMajor}" → "{bonusAmountMajor} more"']),
        ("noneOfGroups: [staff]", "dormantForDays: 14",
         ["~ rule daytime: dormant: any client → for 14 days",
          "~ rule daytime: not for groups: staff → nobody"]),
        ('at: "12:00"', 'at: "10:30"',
         ["~ rule miss-you: due: 14 days, 12:00 → 14 days, 10:30"]),
        ("groupId: sleepers, expiresInDays: 7", "groupId: sleepers",
         ["~ rule miss-you: into ends: after 7 days → never"]),
        ("2026-11-01T00:00:00+03:00", "2026-11-02T00:00:00+03:00",
         ["~ rule miss-you: valid from: 2026-11-01T00:00:00+03:00 → 2026-11-02T00:00:00+03:00"]),
        (
            "actions: [{type: ASSIGN_GROUP, groupId: sleepers, expiresInDays: 7}]",
            "actions: [{type: UNASSIGN_GROUP, groupId: awake}, {type: ASSIGN_GROUP,"
            " groupId: sleepers, expiresInDays: 7}]",
            ["~ rule miss-you: actions: none → out of, into",
             "~ rule miss-you: out of: none → awake"],
        ),
        (
            "    priority: 60\n",
            "    priority: 40\n",
            ["~ rule daytime: priority: 60 → 40",
             "~ exclusivity group everyday of BALANCE_TOPPED_UP: asked in the order: daytime,"
             " everyday.premium, everyday.anchor, everyday.entry → everyday.premium,"
             " everyday.anchor, everyday.entry, daytime"],
        ),
        ("amountMajor: 500000", "amountMajor: 400000",
         ["~ rule set: budget: 500000 a month → 400000 a month"]),
        ('"22:00"', '"23:00"', ["~ rule set: quiet hours: 22:00–09:00 → 23:00–09:00"]),
        ("timeZone: Europe/Moscow", "timeZone: Europe/Samara",
         ["~ rule set: time zone: Europe/Moscow → Europe/Samara"]),
        ("maxBonusPercent: 30", "maxBonusPercent: 25",
         ["~ product TARIFF night-pack: paid with bonuses: at most 30 % → at most 25 %"]),
        ("clubId: club-9", "clubId: club-8",
         ["+ club club-8: time zone Asia/Yekaterinburg",
          "- club club-9: time zone Asia/Yekaterinburg"]),
        ("currency: RUB", "currency: RUB\nonTopupRefund: REVOKE",
         ["~ all rules: a refunded top-up: KEEP its bonus → REVOKE its bonus"]),
        ("  - id: bar\n", "  - id: bar\n    onTopupRefund: REVOKE\n",
         ["~ rule bar: a refunded top-up: KEEP its bonus → REVOKE its bonus"]),
    ],
)  # fmt: skip
def test_a_change(old: str, new: str, found: list[str]) -> None:
    assert changed((old, new)) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version: "1"', 'version: "2"'),
        ("percent: 5}", "percent: 5.00}"),
        ("percent(topupAmountMajor, 20)", "percent( topupAmountMajor,20.0 )"),
        ("when: topupAmountMajor >= 300", "when: (topupAmountMajor >= 300.00)"),
        ("clubIds: [club-1, club-2]", "clubIds: [club-2, club-1]"),
        ("tags: [daytime, ladder]", "tags: [ladder, daytime]"),
        ("anyOfGroups: [vip, gold]", "anyOfGroups: [gold, vip]"),
        ("days: [MON, TUE]", "days: [TUE, MON]"),
        ("2026-11-01T00:00:00+03:00", "2026-10-31T21:00:00Z"),
        ("    priority: 50\n", "    priority: 50\n    exclusive: everyday\n"),
        ("trigger: PAYMENT_MADE", "trigger: PAYMENT_MADE\n    enabled: true\n    priority: 0"),
    ],
)
def test_no_difference(old: str, new: str) -> None:
    assert changed((old, new)) == []


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_a_reordered_file_has_no_difference(random: Random) -> None:
    values = yaml.load(RULES, yaml.BaseLoader)
    for part in (values["rules"], values["ladders"][0]["tiers"], values["products"]):
        random.shuffle(part)
    keys = list(values)
    random.shuffle(keys)
    text = yaml.safe_dump({key: values[key] for key in keys}, sort_keys=False)
    assert lines(RULES, text) == lines(text, RULES) == []


@pytest.mark.parametrize("file", sorted(DATA.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_rule_set_is_as_itself(file: Path) -> None:
    rules = load_rule_set(file.read_bytes(), file.name)
    assert diff_rule_sets(rules, load_rule_set(file.read_bytes(), "again.yaml")) == ()


def test_a_whole_ladder_is_one_line() -> None:
    head, _, tail = RULES.partition("ladders:\n")
    without = head + "rules:\n" + tail.partition("rules:\n")[2]
    steps = "everyday.entry 5 % from 200, everyday.anchor 12 % from 400, everyday.premium 20 % from"
    assert lines(without, RULES) == [f"+ ladder everyday: {steps} 800"]
    assert lines(RULES, without) == [f"- ladder everyday: {steps} 800"]


def test_a_renamed_ladder() -> None:
    """Every tier is renamed, and leaves the group that the ladder shared with `daytime`: that rule
    now fires beside it."""
    found = changed(("  - id: everyday\n", "  - id: always\n"))
    assert [line for line in found if line.startswith(">")] == [
        f"> tier everyday.{tier} → always.{tier}: renamed, so its limits per client, its cooldown"
        " and its budget begin anew"
        for tier in ("premium", "anchor", "entry")
    ]
    assert [line for line in found if not line.startswith(">")] == [
        "~ ladder always: exclusive: everyday → none"
    ]


def test_a_renamed_ladder_that_is_alone_in_its_group() -> None:
    alone = RULES.replace("    exclusive: everyday\n", "")
    found = lines(alone, alone.replace("  - id: everyday\n", "  - id: always\n"))
    assert [line[0] for line in found] == [">", ">", ">"]


def test_a_rule_renamed_while_the_set_treats_refunds_otherwise() -> None:
    """That its limits begin anew is money: another change of all rules does not hide it."""
    found = changed(
        ("  - id: bar\n", "  - id: kitchen\n"),
        ("currency: RUB\n", "currency: RUB\nonTopupRefund: REVOKE\n"),
    )
    assert found == [
        "> rule bar → kitchen: renamed, so its limits per client, its cooldown and its budget begin"
        " anew",
        "~ all rules: a refunded top-up: KEEP its bonus → REVOKE its bonus",
    ]


def test_twins_are_not_renamed_by_guess() -> None:
    """Two that do the same: nobody can say which became which."""
    seven = BAR.replace('"5"', '"7"')
    old, new = RULES, RULES
    for name, other in (("one", "three"), ("two", "four")):
        old, new = old + seven.replace("bar", name), new + seven.replace("bar", other)
    assert [line[0] for line in lines(old, new)] == ["-", "-", "+", "+"]


def test_as_data() -> None:
    old, new = (
        load_rule_set(RULES, "old.yaml"),
        load_rule_set(RULES.replace("percent: 12", "percent: 14"), "new.yaml"),
    )
    detail = Detail("step", "12 % from 400", "14 % from 400", "12 % → 14 % from 400")
    assert diff_rule_sets(old, new) == (Change(Kind.CHANGED, "tier", "everyday.anchor", (detail,)),)
