"""What a plan says, as records: commands and journal with their headers."""

from functools import lru_cache

import msgspec

from schemas.records import Output, Record
from schemas.topics import CHANNEL_OF_COMMAND, Channel
from schemas.wire import Command, JournalRecord

_encode = msgspec.json.Encoder().encode


def command_output(command: Command, record: Record | None) -> Output:
    """`record`: what the command's event was read from; None: a timer."""
    name = ("commandId", command.command_id.encode())
    headers = _headers(command, name, record)
    channel = CHANNEL_OF_COMMAND[command.type]
    return Output(channel, command.client_id.encode(), _encode(command), headers)


def journal_output(entry: JournalRecord, record: Record | None, version: str) -> Output:
    """`version`: of the rule set that decided."""
    name = ("operationId", entry.operation_id.encode())
    headers = (*_headers(entry, name, record), _version_header(version))
    return Output(Channel.BONUS_JOURNAL, entry.client_id.encode(), _encode(entry), headers)


def _headers(
    what: Command | JournalRecord, name: tuple[str, bytes], record: Record | None
) -> tuple[tuple[str, bytes], ...]:
    kind, organization = _both_headers(what.type, what.organization_id)
    headers: tuple[tuple[str, bytes], ...] = (kind, organization, name)
    if record is not None and record.headers:
        headers += tuple(header for header in record.headers if _is_trace(header))
    return headers


@lru_cache(maxsize=4096)
def _both_headers(kind: str, organization_id: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("type", kind.encode()), ("organizationId", organization_id.encode())


@lru_cache(maxsize=4096)
def _version_header(version: str) -> tuple[str, bytes]:
    return "ruleSetVersion", version.encode()


def _is_trace(header: tuple[str, bytes | None]) -> bool:
    return header[0] == "traceparent" and header[1] is not None
