"""What `announcing.py` tells of rule sets, to metrics and to the topic of statuses."""

from collections.abc import Callable

from msgspec import Struct


class Applied(Struct, frozen=True):
    """A set that decides from now on. `refused`: a later text of the organization was refused, and
    still stands there."""

    organization: str
    version: str
    content_hash: str
    rules: tuple[str, ...]
    refused: bool = False


class Refusal(Struct, frozen=True):
    """A text that does not decide. `organization`: the file's name where the text names none;
    `text_hash`: of its bytes."""

    organization: str
    text_hash: str
    findings: str


class RulesListener(Struct, frozen=True):
    """Who hears of applied, refused and removed sets (metrics, status), and of a watch that died.
    `removed` is told the organization."""

    applied: Callable[[Applied], None]
    refused: Callable[[Refusal], None]
    removed: Callable[[str], None]
    failed: Callable[[BaseException], None]
