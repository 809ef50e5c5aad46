"""What a plan says, as records: commands and journal with their headers."""

from functools import lru_cache

import msgspec

from rules_engine.compile import CompiledRuleSet
from rules_engine.outcome import Outcome
from schemas.records import Output, Record
from schemas.topics import CHANNEL_OF_COMMAND, Channel
from schemas.wire import Command, JournalRecord

MOST_OUTBOX_BYTES = 6 * 1024 * 1024
"""Looked at before each record: what one record gives may come on top."""
HEADERS_BYTES = 200
"""Of a command, about: its key and headers."""

Header = tuple[str, bytes]
Headers = tuple[Header, ...]

_encode = msgspec.json.Encoder().encode


class Said:
    """What a batch says, in order, and about how many bytes that is."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.bytes = 0

    def outcome(
        self, outcome: Outcome, record: Record | None, rule_set: CompiledRuleSet | None
    ) -> None:
        """`record`: what the event was read from; None: a timer. `rule_set`: that of its
        organization."""
        if not outcome.commands and not outcome.journal:
            return
        traces = _traces(record)
        said = [command_output(command, traces) for command in outcome.commands]
        if outcome.journal:
            assert rule_set is not None, "nothing is booked without a rule set"
            version = rule_set.version
            said += [journal_output(entry, traces, version) for entry in outcome.journal]
        self.outputs += said
        self.bytes += sum([len(each.value or b"") + HEADERS_BYTES for each in said])

    def dead_letter(self, letter: Output) -> None:
        self.outputs.append(letter)
        self.bytes += len(letter.value or b"") + len(letter.key or b"")


def command_output(command: Command, traces: Headers) -> Output:
    """`traces`: headers of the record behind it that go on with it."""
    kind, organization = _both_headers(command.type, command.organization_id)
    name = ("commandId", command.command_id.encode())
    channel = CHANNEL_OF_COMMAND[command.type]
    headers = (kind, organization, name, *traces)
    return Output(channel, command.client_id.encode(), _encode(command), headers)


def journal_output(entry: JournalRecord, traces: Headers, version: str) -> Output:
    """`version`: of the rule set that decided."""
    kind, organization = _both_headers(entry.type, entry.organization_id)
    name = ("operationId", entry.operation_id.encode())
    headers = (kind, organization, name, *traces, _version_header(version))
    return Output(Channel.BONUS_JOURNAL, entry.client_id.encode(), _encode(entry), headers)


def _traces(record: Record | None) -> Headers:
    if record is None or not record.headers:
        return ()
    return tuple(header for header in record.headers if _is_trace(header))


@lru_cache(maxsize=4096)
def _both_headers(kind: str, organization_id: str) -> tuple[Header, Header]:
    return ("type", kind.encode()), ("organizationId", organization_id.encode())


@lru_cache(maxsize=4096)
def _version_header(version: str) -> Header:
    return "ruleSetVersion", version.encode()


def _is_trace(header: tuple[str, bytes | None]) -> bool:
    return header[0] == "traceparent" and header[1] is not None
