"""Ids against uuid.uuid5 and against values that were worked out elsewhere."""

from uuid import NAMESPACE_DNS, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import command_id, operation_id, uuid_bytes, uuid_text

NAMESPACE = uuid5(NAMESPACE_DNS, "loyalty-worker")
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts, texts, texts, st.integers(0, 100))
def test_a_command_id_is_a_uuid5(
    organization: str, client: str, event: str, rule: str, index: int
) -> None:
    name = "\x1f".join([organization, client, event, rule, str(index)])
    assert command_id(organization, client, event, rule, index) == str(uuid5(NAMESPACE, name))


@given(texts, texts, texts, texts, texts)
def test_an_operation_id_is_a_uuid5(
    organization: str, client: str, event: str, operation: str, batch: str
) -> None:
    name = "\x1f".join([organization, client, event, operation, batch])
    assert operation_id(organization, client, event, operation, batch) == str(
        uuid5(NAMESPACE, name)
    )


@pytest.mark.parametrize(
    ("client", "event", "rule", "expected"),
    [
        ("c-1", "e-2", "everyday150.entry", "8b8306df-9d39-5b43-ba66-1410f02761f6"),
        ("c-1", "e-3", "everyday150.anchor", "9602521f-660a-5479-bb48-5ec6dfc13873"),
        ("c-1", "e-4", "everyday150.premium", "a96f0e8d-c1a5-518c-8546-cacbfadcfbed"),
        ("c-2", "e-5", "everyday300.entry", "e59e6701-8f7a-5400-b715-0753d226ff7f"),
        ("c-2", "e-6", "everyday300.anchor", "980b737b-88a0-5509-9f9d-ce2568beca03"),
        ("c-2", "e-7", "everyday300.premium", "c3a39401-5001-50c2-b02b-9cd9673f2d5c"),
    ],
)
def test_command_ids_of_the_ladder_example(
    client: str, event: str, rule: str, expected: str
) -> None:
    assert command_id("izi", client, event, rule, 0) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("e-8", "5ed2d66a-5e01-502c-979d-1eecfdddbfe4"),
        ("e-9", "2953cd6d-9cf1-506a-96be-a9ba09cb000f"),
    ],
)
def test_operation_ids_of_the_ladder_example(event: str, expected: str) -> None:
    assert operation_id("izi", "c-1", event, "BONUS_PAYMENT") == expected


def test_an_id_is_kept_as_sixteen_bytes() -> None:
    made = command_id("izi", "c-1", "e-1", "r", 0)
    assert len(uuid_bytes(made)) == 16
    assert uuid_text(uuid_bytes(made)) == made
