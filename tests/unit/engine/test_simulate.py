"""A file of events through a rule set: the same bytes as on the wire."""

import json
from pathlib import Path
from typing import Any

import pytest

from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.simulate import Simulated, simulate
from tests.unit.engine.builders import credit, rule, rule_set

SEED_LADDERS = Path(__file__).parents[2] / "data" / "engine" / "seed-ladders"


def line(**fields: Any) -> bytes:
    event = {
        "eventId": "e-1",
        "type": "BALANCE_TOPPED_UP",
        "organizationId": "izi",
        "clubId": "club-1",
        "clientId": "c-1",
        "occurredAt": "2026-03-02T12:00:00+03:00",
        "topupAmountMajor": "100",
        "topUpSource": "POS_TERMINAL",
    }
    return json.dumps(event | fields).encode()


def simulated(*lines: bytes, **settings: Any) -> list[Simulated]:
    rules = rule_set(rule("r", credit("topupCount + 1")), **settings)
    return list(simulate(compile_rule_set(rules), lines))


def commands(results: list[Simulated]) -> list[dict[str, Any]]:
    return [json.loads(command) for each in results for command in each.commands]


def letters(results: list[Simulated]) -> list[dict[str, Any]]:
    return [json.loads(each.dead_letter) for each in results if each.dead_letter is not None]


def test_the_guides_ladders_credit_what_the_guide_says() -> None:
    rules = load_rule_set((SEED_LADDERS / "rules.yaml").read_bytes(), "rules.yaml")
    events = (SEED_LADDERS / "events.jsonl").read_bytes().splitlines(keepends=True)
    expected = json.loads((SEED_LADDERS / "expected.json").read_text())
    results = list(simulate(compile_rule_set(rules), events))
    made = [{"eventId": each["causedBy"]["eventId"], **each} for each in commands(results)]
    assert len(made) == len(expected["commands"])
    for command, wanted in zip(made, expected["commands"], strict=True):
        assert {name: command[name] for name in wanted} == wanted
    assert letters(results) == expected["deadLetters"]
    journal = [json.loads(record) for each in results for record in each.journal]
    assert len(journal) == len(expected["journal"])
    for record, wanted in zip(journal, expected["journal"], strict=True):
        assert {name: record[name] for name in wanted} == wanted


def test_a_command_as_on_the_wire() -> None:
    (command,) = simulated(b"\n", line())[0].commands
    # UUIDv5 of izi, c-1, e-1, r, 0 joined by U+001F; the empty line counts for the offset
    made = "32863437-bc78-56e1-bbd9-d32ae8d50725"
    assert command.decode() == (
        f'{{"commandId":"{made}","type":"ADD_BONUS","organizationId":"izi","clubId":"club-1",'
        '"clientId":"c-1","ruleId":"r","ruleSetVersion":"7","tags":[],"executor":"SYSTEM",'
        '"causedBy":{"eventId":"e-1","type":"BALANCE_TOPPED_UP","topic":"loyalty.topups",'
        '"partition":0,"offset":1},"issuedAt":"2026-03-02T09:00:00+00:00","amountMajor":"1.00",'
        f'"currency":"RUB","batchId":"{made}","expiresAt":null,'
        '"restriction":{"productTypes":[],"productIds":[]}}'
    )


def test_clients_and_organizations_have_their_own_state() -> None:
    results = simulated(
        line(),
        line(clientId="c-2"),
        line(eventId="e-2"),
        line(eventId="e-2", organizationId="other"),
        line(eventId="e-2", organizationId="other"),
    )
    assert [each["amountMajor"] for each in commands(results)] == ["1.00", "1.00", "2.00"]
    last = results[-1].outcome
    assert last is not None
    assert last.duplicate
    assert last.client.topup_count == 1


def test_other_organizations_may_use_four_decimals() -> None:
    fine = line(topupAmountMajor="1.2345", organizationId="other")
    bad = line(topupAmountMajor="1.2345")
    assert [each["headers"]["error.code"] for each in letters(simulated(fine, bad))] == [
        "OUT_OF_RANGE"
    ]


@pytest.mark.parametrize(
    ("value", "code", "key", "topic"),
    [
        (b"\xff", "NOT_UTF8", None, ""),
        (b"{", "NOT_JSON", None, ""),
        (b"null", "NOT_JSON", None, ""),
        (b"[1]", "SCHEMA", None, ""),
        (line(type="BALANCE"), "UNKNOWN_TYPE", "c-1", ""),
        (line(type=["x"], clientId=3), "SCHEMA", None, ""),
        (line(topupAmountMajor="1_000"), "SCHEMA", "c-1", "loyalty.topups"),
        (line(topupAmountMajor="0"), "OUT_OF_RANGE", "c-1", "loyalty.topups"),
        (line(type="VISIT_STARTED", visitId=1), "SCHEMA", "c-1", "loyalty.visits"),
        (line(note="x" * 262_144), "TOO_LARGE", "c-1", "loyalty.topups"),
    ],
)
def test_dead_letters(value: bytes, code: str, key: str | None, topic: str) -> None:
    results = simulated(line(), b"\n", value + b"\r\n")
    (letter,) = letters(results)
    headers = letter["headers"]
    assert letter["key"] == key
    assert letter["value"] == value.decode(errors="replace")
    assert headers.pop("error.message").endswith(".")
    assert headers == {
        "error.code": code,
        "source.topic": topic,
        "source.partition": "0",
        "source.offset": "2",
        "source.timestamp": "-1",
    }
    assert [each.line for each in results] == [0, 2]


def test_a_reused_event_id_is_a_dead_letter_with_its_original() -> None:
    (letter,) = letters(simulated(line(), line(topupAmountMajor="101")))
    assert letter["headers"]["error.code"] == "EVENT_ID_REUSED"
    assert letter["key"] == "c-1"
    assert json.loads(letter["value"])["topupAmountMajor"] == "101"


def test_nothing_is_too_far_in_the_future() -> None:
    assert len(commands(simulated(line(occurredAt="9999-12-31T23:59:59Z")))) == 1
