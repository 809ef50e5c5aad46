"""What Kafka's answers about topics mean."""

import pytest

from worker.errors import Misconfigured
from worker.kafka.admin import existing

UNKNOWN, NOT_ALLOWED = 3, 29


def answer(name: str, error: int = 0) -> dict[str, object]:
    return {"topic": name, "error_code": error, "partitions": [] if error else [{"isr": [1]}]}


def test_what_is_not_there_is_left_out() -> None:
    assert existing([answer("a"), answer("b", UNKNOWN)]) == {"a": [{"isr": [1]}]}


def test_what_a_user_may_not_see_is_not_called_missing() -> None:
    with pytest.raises(Misconfigured, match="does not let this user see b, c") as refused:
        existing([answer("c", NOT_ALLOWED), answer("a"), answer("b", NOT_ALLOWED)])
    assert "Describe" in refused.value.remedy
