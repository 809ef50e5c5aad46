"""`loyalty clients forget` before it comes to Kafka."""

import json

import pytest

from schemas.decode import decode
from schemas.decoded import ClientForgotten
from worker.cli.application import run
from worker.clients.forgetting import erasure

NOON = 1_772_442_000_000_000  # 2026-03-02T12:00:00+03:00


def test_the_record_is_one_that_the_contract_takes() -> None:
    event_id, key, value = erasure("izi", "c-1", NOON)
    event = decode(value, key, "CLIENTS", lambda organization: 2)
    assert isinstance(event, ClientForgotten)
    assert (event.event_id, event.organization_id, event.client_id) == (event_id, "izi", "c-1")
    assert event.occurred_at == NOON


def test_every_erasure_is_an_event_of_its_own() -> None:
    assert len({json.loads(erasure("izi", "c-1", NOON)[2])["eventId"] for _ in range(9)}) == 9


def test_nobody_is_erased_unasked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["clients", "forget", "izi", "", "--yes"]) == 2
    assert run(["clients", "forget", "izi", "a\x1fb", "--yes"]) == 2
    monkeypatch.setenv("LOYALTY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    capsys.readouterr()
    assert run(["clients", "forget", "izi", "c-1"]) == 1
    assert "nobody is there to confirm; repeat the command with --yes" in capsys.readouterr().err
