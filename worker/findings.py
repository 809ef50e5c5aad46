"""What a check of a dependency found: data for `loyalty check`, `topics check` and the start."""

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """`part` is what a person has to look at, `subject` the topic, file or server in it.

    An ERROR keeps the worker from starting; a WARNING is what an operator should mend. `remedy`
    says how.
    """

    part: Literal["kafka", "redis", "rules"]
    subject: str
    message: str
    remedy: str
    severity: Literal["ERROR", "WARNING"] = "ERROR"

    def __str__(self) -> str:
        return f"{self.severity}: {self.part}: {self.subject}: {self.message} {self.remedy}"
