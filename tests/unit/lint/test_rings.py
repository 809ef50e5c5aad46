"""Rings of groups, loops of pushes, and rules that only their own group keeps from paying again.

Where lint finds a ring, events go round it: each rule of it fires more than twice for one client,
by the product's own evaluation. Where it finds none, an author would not expect one.
"""

import json
from collections import Counter
from typing import Any

import pytest

from rules_engine.compile import compile_rule_set
from rules_engine.lint import LintReport
from rules_engine.simulate import simulate
from schemas.instants import SECOND_US, instant_text
from tests.unit.lint.authored import (
    NOW,
    PAID,
    TOPUP,
    VISIT,
    Rule,
    assign,
    found,
    linted,
    push,
    rule,
    unassign,
)

ENDED = "VISIT_ENDED"
A, NOT_A = {"anyOfGroups": ["a"]}, {"noneOfGroups": ["a"]}
B, NOT_B = {"anyOfGroups": ["b"]}, {"noneOfGroups": ["b"]}
IN_A, OUT_A, IN_B, OUT_B = assign("a"), unassign("a"), assign("b"), unassign("b")
BUDGET = {"budget": {"amountMajor": 1000, "per": "DAY"}}
ONCE = {"perClient": [{"times": 1, "per": "LIFETIME"}]}
WEEKLY = {"perClient": [{"times": 1, "per": "WEEK"}]}
HOURLY = {"cooldown": {"hours": 1}}
PUSHES = {"push": {"times": 2, "per": "DAY"}}
CYCLE, LOOP, GUARD = "GROUP_CYCLE", "PUSH_LOOP", "OWN_GROUP_GUARD"

RINGS: list[tuple[str, list[Rule], Rule, list[str]]] = [
    # what it is about, rules, limits of the set, the codes
    (
        "in and out",
        [rule(TOPUP, "5", IN_A, audience=NOT_A), rule(VISIT, "5", OUT_A, audience=A)],
        {},
        [CYCLE, GUARD],
    ),
    (
        "the same in conditions",
        [
            rule(TOPUP, "5", IN_A, when="'a' not in groups"),
            rule(VISIT, "5", OUT_A, when="'a' in groups"),
        ],
        {},
        [CYCLE, GUARD],
    ),
    (
        "without a credit",
        [rule(TOPUP, None, IN_A, audience=NOT_A), rule(VISIT, None, OUT_A, audience=A)],
        {},
        [CYCLE],
    ),
    (
        "with a push",
        [rule(TOPUP, None, IN_A, push(), audience=NOT_A), rule(VISIT, None, OUT_A, audience=A)],
        {},
        [LOOP],
    ),
    (
        "with a push that the set limits",
        [rule(TOPUP, None, IN_A, push(), audience=NOT_A), rule(VISIT, None, OUT_A, audience=A)],
        PUSHES,
        [CYCLE],
    ),
    (
        "quiet hours limit no push",
        [rule(TOPUP, None, IN_A, push(), audience=NOT_A), rule(VISIT, None, OUT_A, audience=A)],
        {"push": {"quietHours": {"from": "22:00", "to": "09:00"}}},
        [LOOP],
    ),
    (
        "once in a life",
        [rule(TOPUP, "5", IN_A, audience=NOT_A, limits=ONCE), rule(VISIT, "5", OUT_A, audience=A)],
        {},
        [],
    ),
    (
        "the other one once in a life",
        [rule(TOPUP, None, IN_A, audience=NOT_A), rule(VISIT, "5", OUT_A, audience=A, limits=ONCE)],
        {},
        [],
    ),
    (
        "once a week",
        [
            rule(TOPUP, "5", IN_A, audience=NOT_A, limits=WEEKLY),
            rule(VISIT, "5", OUT_A, audience=A),
        ],
        {},
        [],
    ),
    (
        "a cooldown",
        [
            rule(TOPUP, "5", IN_A, audience=NOT_A, limits=HOURLY),
            rule(VISIT, "5", OUT_A, audience=A),
        ],
        {},
        [],
    ),
    (
        "a budget ends no ring",
        [rule(TOPUP, "5", IN_A, audience=NOT_A), rule(VISIT, "5", OUT_A, audience=A)],
        BUDGET,
        [CYCLE, GUARD],
    ),
    (
        "from group to group",
        [rule(TOPUP, "5", IN_A, OUT_B, audience=B), rule(VISIT, "5", IN_B, OUT_A, audience=A)],
        {},
        [CYCLE],
    ),
    (
        "three rules round",
        [
            rule(TOPUP, None, IN_A, audience={"noneOfGroups": ["a", "b"]}),
            rule(VISIT, None, OUT_A, IN_B, audience=A),
            rule(PAID, "5", OUT_B, audience=B),
        ],
        {},
        [CYCLE],
    ),
    (
        "three rules, of which one is limited",
        [
            rule(TOPUP, None, IN_A, audience={"noneOfGroups": ["a", "b"]}),
            rule(VISIT, None, OUT_A, IN_B, audience=A, limits=HOURLY),
            rule(PAID, "5", OUT_B, audience=B),
        ],
        {},
        [],
    ),
    (
        "nobody takes it away",
        [rule(TOPUP, None, IN_A, audience=NOT_A), rule(VISIT, "5", audience=A, times=1)],
        {},
        [],
    ),
    ("nobody asks for it", [rule(TOPUP, None, IN_A), rule(VISIT, None, OUT_A)], {}, []),
    (
        "on a birthday",
        [rule("BIRTHDAY", "5", IN_A, audience=NOT_A), rule(VISIT, None, OUT_A, audience=A)],
        {},
        [],
    ),
    (
        "who is absent, and back",
        [
            rule("CLIENT_ABSENT", "5", IN_A, push(), audience=NOT_A, after={"days": 14}),
            rule(VISIT, "5", OUT_A, audience=A),
        ],
        {},
        [],
    ),
    (
        "a first top-up",
        [
            rule(TOPUP, "5", IN_A, audience=NOT_A | {"firstTopupOnly": True}),
            rule(VISIT, None, OUT_A, audience=A),
        ],
        {},
        [],
    ),
    (
        "the tenth visit",
        [
            rule(VISIT, "5", IN_A, audience=NOT_A, when="visitCount == 9"),
            rule(ENDED, None, OUT_A, audience=A),
        ],
        {},
        [],
    ),
    (
        "switched off",
        [
            rule(TOPUP, "5", IN_A, audience=NOT_A, enabled=False),
            rule(VISIT, "5", OUT_A, audience=A),
        ],
        BUDGET,
        [],
    ),
    (
        "a group that lapses by itself",
        [rule(TOPUP, "5", assign("a", expiresInDays=1), audience=NOT_A)],
        {},
        [GUARD],
    ),
    (
        "either of two groups",
        [
            rule(TOPUP, None, IN_A, audience=NOT_A),
            rule(VISIT, None, OUT_A, audience={"anyOfGroups": ["a", "b"]}),
        ],
        {},
        [CYCLE],
    ),
    (
        "of different clubs",
        [
            rule(TOPUP, None, IN_A, audience=NOT_A, clubIds=["x"]),
            rule(VISIT, None, OUT_A, audience=A, clubIds=["y"]),
        ],
        {},
        [CYCLE],
    ),
    (
        "amounts apart do not hold it",
        [
            rule(TOPUP, None, IN_A, audience=NOT_A, when="topupAmountMajor >= 500"),
            rule(TOPUP, None, OUT_A, audience=A, when="topupAmountMajor < 500"),
        ],
        {},
        [CYCLE],
    ),
    (
        "a rule that takes away what it needs, alone",
        [rule(VISIT, "5", OUT_A, audience=A)],
        BUDGET,
        [],
    ),
    (
        "a rule that gives what it asks not to have, alone",
        [rule(VISIT, "5", IN_A, audience=NOT_A)],
        BUDGET,
        [GUARD],
    ),
    ("guarded by a condition", [rule(TOPUP, "5", IN_A, when="not 'a' in groups")], {}, [GUARD]),
    (
        "guarded by one of two conditions",
        [rule(TOPUP, "5", IN_A, when="'a' not in groups and topupAmountMajor > 5")],
        {},
        [GUARD],
    ),
    (
        "not guarded: either will do",
        [rule(TOPUP, "5", IN_A, when="'a' not in groups or topupAmountMajor > 5")],
        {},
        [],
    ),
    ("guarded, and limited", [rule(TOPUP, "5", IN_A, audience=NOT_A, limits=ONCE)], {}, []),
    ("guarded, with no credit", [rule(TOPUP, None, IN_A, audience=NOT_A)], {}, []),
    ("guarded by another group", [rule(TOPUP, "5", IN_A, audience=NOT_B)], {}, []),
    ("guarded by the second of two", [rule(TOPUP, "5", IN_B, IN_A, audience=NOT_A)], {}, [GUARD]),
    ("given and taken at once", [rule(TOPUP, "5", IN_A, OUT_A, audience=NOT_A)], {}, []),
    (
        "two rings",
        [
            rule(TOPUP, None, IN_A, audience=NOT_A),
            rule(VISIT, None, OUT_A, audience=A),
            rule(TOPUP, None, IN_B, push(), audience=NOT_B),
            rule(VISIT, None, OUT_B, audience=B),
        ],
        {},
        [CYCLE, LOOP],
    ),
    ("guarded on a birthday", [rule("BIRTHDAY", "5", IN_A, audience=NOT_A)], {}, []),
    (
        "guarded at the first registration",
        [rule("CLIENT_REGISTERED", "5", IN_A, audience=NOT_A)],
        {},
        [GUARD],
    ),
    (
        "a visit that must be the first top-up is no limit",
        [
            rule(VISIT, "5", IN_A, audience=NOT_A | {"firstTopupOnly": True}),
            rule(ENDED, None, OUT_A, audience=A),
        ],
        {},
        [CYCLE, GUARD],
    ),
]


def rounds(report: LintReport) -> Counter[str]:
    """How often each rule fires for one client in twelve rounds of the same few events."""
    kinds: list[Rule] = [
        {"type": TOPUP, "topupAmountMajor": 600, "topUpSource": "POS_TERMINAL"},
        {"type": VISIT, "visitId": "1", "tariffId": "1"},
        {"type": ENDED, "visitId": "1", "tariffId": "1", "durationMinutes": 60},
        {
            "type": PAID,
            "totalAmountMajor": 50,
            "bonusAmountMajor": 0,
            "productType": "BAR",
            "productId": "1",
        },
        {"type": TOPUP, "topupAmountMajor": 100, "topUpSource": "POS_TERMINAL"},
    ]
    clubs = sorted({club for each in report.rule_set.rules for club in each.club_ids}) or ["x"]
    kinds = [each for each in kinds if each["type"] in {r.trigger for r in report.rule_set.rules}]
    lines = []
    for number in range(12 * len(kinds) * len(clubs)):
        kind = kinds[number % len(kinds)]
        own: dict[str, Any] = {
            "eventId": f"e-{number}",
            "organizationId": "izi",
            "clubId": clubs[number // len(kinds) % len(clubs)],
            "clientId": "anna",
            "occurredAt": instant_text(NOW + number * SECOND_US),
        }
        if kind["type"] == PAID:
            own["paymentId"] = f"p-{number}"
        if number == 0:
            own["client"] = {"groups": ["b"]}
        lines.append(json.dumps({**kind, **own}).encode())
    taken = simulate(compile_rule_set(report.rule_set), lines)
    return Counter(
        rule_id for each in taken if each.outcome is not None for rule_id in each.outcome.fired
    )


@pytest.mark.parametrize(
    ("rules", "limits", "codes"), [case[1:] for case in RINGS], ids=[case[0] for case in RINGS]
)
def test_rings_and_guards(rules: list[Rule], limits: Rule, codes: list[str]) -> None:
    report = linted(rules, limits)
    told = [code for code, _ in found(report, CYCLE, LOOP, GUARD)]
    assert sorted(set(told)) == sorted(codes)
    if set(codes) & {CYCLE, LOOP}:
        assert min(rounds(report)[each.id] for each in report.rule_set.rules) > 2
