"""The product against the independent model of `tests.reference`, on seeded hard cases.

More cases: `python -m tests.reference.hunt --seeds 1000 --first 1000`.
"""

import json
from pathlib import Path

import pytest

from tests.reference.compare import compare
from tests.reference.hunt import make_case, minimal
from tests.reference.model import run
from tests.reference.reasons import differing_reasons
from tests.reference.world import Switches

SEEDS = range(300)
EXAMPLE = Path(__file__).parents[1] / "data" / "engine" / "seed-ladders"


@pytest.mark.parametrize("first", [SEEDS[n] for n in range(0, len(SEEDS), 20)])
def test_simulate_is_the_model(first: int) -> None:
    """Every command, every journal record, every dead letter, in order."""
    for seed in range(first, first + 20):
        case = make_case(seed, Switches())
        if compare(case) is not None:
            smaller, found = minimal(case)
            lines = "\n".join(f"{n} {line!r}" for n, line in enumerate(smaller.lines) if line)
            pytest.fail(f"seed {seed}: {found}\n{smaller.rules}\n{smaller.versions}\n{lines}")


@pytest.mark.parametrize("seed", range(200, 220))
def test_explain_gives_the_reasons_of_the_model(seed: int) -> None:
    """Every rule of every event: the reason code, and the winner that excluded it."""
    assert differing_reasons(make_case(seed, Switches())) == []


def test_cases_fire_and_fail() -> None:
    """The cases are worth something: every command, operation, violation and dead letter occurs."""
    types: set[str] = set()
    timers: set[str] = set()
    operations: set[str] = set()
    violations: set[str] = set()
    codes: set[str] = set()
    reasons: set[str] = set()
    for seed in SEEDS:
        case = make_case(seed, Switches())
        result = case.model()
        types |= {command["type"] for _, command in result.commands}
        timers |= {
            command["causedBy"]["type"]
            for _, command in result.commands
            if command["causedBy"]["offset"] is None
        }
        operations |= {record["type"] for _, record in result.journal}
        for _, record in result.journal:
            violations |= set(record["violations"])
        codes |= {letter["code"] for _, letter in result.dead_letters}
        for judged in result.reasons.values():
            reasons |= {reason.split()[0] for reason in judged.values()}
    assert types == {"ADD_BONUS", "REVOKE_BONUS", "ASSIGN_GROUP", "UNASSIGN_GROUP", "SEND_PUSH"}
    assert timers == {
        "GROUP_EXPIRY", "BONUS_EXPIRED", "AFTER_FIRST_VISIT", "BIRTHDAY", "BONUS_EXPIRING",
        "CLIENT_ABSENT",
    }  # fmt: skip
    assert operations == {
        "BONUS_OPENING", "BONUS_CREDIT", "BONUS_PAYMENT", "BONUS_WRITE_OFF", "BONUS_REFUND",
        "BONUS_EXPIRY", "BONUS_REVOKED", "BONUS_ADJUSTMENT", "PROMO_CREDIT",
    }  # fmt: skip
    assert violations == {
        "RESTRICTED_BONUS_SPENT", "OVER_BONUS_BALANCE", "OVER_MAX_BONUS_PERCENT"
    }  # fmt: skip
    assert codes >= {"NOT_UTF8", "NOT_JSON", "SCHEMA", "UNKNOWN_TYPE", "OUT_OF_RANGE", "TOO_LARGE"}
    assert codes >= {"EVENT_ID_REUSED", "PAYMENT_ID_REUSED", "NOT_IMPORTED"}
    assert reasons >= {
        "FIRED", "NOTHING", "DISABLED", "CLUB", "VALIDITY", "WINDOW", "AUDIENCE", "CONDITION",
        "EXCLUDED_BY", "FORMULA_FAILED", "LIMIT_PER_CLIENT", "COOLDOWN", "CLIENT_CREDIT", "BUDGET",
    }  # fmt: skip


def test_model_gives_the_example_of_the_contract() -> None:
    """The model is held to the worked example, not only to the product."""
    lines = (EXAMPLE / "events.jsonl").read_bytes().splitlines()
    result = run((EXAMPLE / "rules.yaml").read_text(), lines)
    expected = json.loads((EXAMPLE / "expected.json").read_text())
    for effects, due in (
        (result.commands, expected["commands"]),
        (result.journal, expected["journal"]),
    ):
        got = [{"eventId": effect["causedBy"]["eventId"], **effect} for _, effect in effects]
        assert [
            {name: one[name] for name in told} for told, one in zip(due, got, strict=True)
        ] == due
    assert result.dead_letters == []
