"""What settings must be to each other, and which must be given for a purpose."""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from config.errors import SettingsFinding
from config.settings import PREFIX, Settings, expects

Part = Literal["kafka", "redis", "rules"]

ADDRESSES: dict[Part, str] = {
    "kafka": "kafka_bootstrap_servers",
    "redis": "redis_url",
    "rules": "rules_source",
}


def missing(given: Collection[str], needs: Collection[Part]) -> Iterator[SettingsFinding]:
    """Addresses that a purpose needs and nobody gave: none of them has a default."""
    for part in needs:
        name = ADDRESSES[part]
        if name not in given:
            yield SettingsFinding(PREFIX + name.upper(), "it is not set", f"give {expects(name)}")


def contradictions(settings: Settings, *, memory_allowed: bool) -> Iterator[SettingsFinding]:
    """Values that are good alone and wrong together, or wrong on this machine."""
    yield from _heartbeat(settings)
    yield from _topics(settings)
    yield from _sasl(settings)
    yield from _tls(settings)
    if settings.redis_url.startswith("memory:") and not memory_allowed:
        message = "memory:// ends with the process: it is for the demo and tests"
        yield _finding(settings, "redis_url", message, "give the address of a Redis")


def _heartbeat(settings: Settings) -> Iterator[SettingsFinding]:
    session, heartbeat = settings.kafka_session_timeout_seconds, settings.kafka_heartbeat_seconds
    if session < 3 * heartbeat:
        message = f"the session timeout of {session:g} s is shorter than three heartbeats"
        remedy = (
            f"give at most {session / 3:.3g}, or a longer LOYALTY_KAFKA_SESSION_TIMEOUT_SECONDS"
        )
        yield _finding(settings, "kafka_heartbeat_seconds", message, remedy)


def _topics(settings: Settings) -> Iterator[SettingsFinding]:
    names = [name for name in Settings.model_fields if name.startswith("topic_")]
    used = Counter(getattr(settings, name) for name in names)
    for name in names:
        if used[getattr(settings, name)] > 1:
            message = "another topic has the same name"
            yield _finding(settings, name, message, "give each topic its own name")


def _sasl(settings: Settings) -> Iterator[SettingsFinding]:
    needed = settings.kafka_security_protocol.startswith("SASL_")
    for name in ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password_file"):
        value = getattr(settings, name)
        if needed and value is None:
            message = f"it is not set, and {settings.kafka_security_protocol} logs in with it"
            yield _finding(settings, name, message, "set it")
        if not needed and value is not None:
            message = f"nobody logs in with {settings.kafka_security_protocol}"
            yield _finding(settings, name, message, _PROTOCOL_OR_NOT.format("SASL_SSL"))


def _tls(settings: Settings) -> Iterator[SettingsFinding]:
    encrypted = settings.kafka_security_protocol.endswith("SSL")
    for name in ("kafka_ssl_ca_file", "kafka_ssl_cert_file", "kafka_ssl_key_file"):
        file: Path | None = getattr(settings, name)
        if file is None:
            continue
        if not encrypted:
            message = f"nothing is encrypted with {settings.kafka_security_protocol}"
            yield _finding(settings, name, message, _PROTOCOL_OR_NOT.format("SSL or SASL_SSL"))
        elif not (file.is_file() and os.access(file, os.R_OK)):
            yield _finding(settings, name, "there is no such file to read", "name a readable file")
    pair = (settings.kafka_ssl_cert_file, settings.kafka_ssl_key_file)
    if None in pair and pair != (None, None):
        name = "kafka_ssl_cert_file" if pair[0] is None else "kafka_ssl_key_file"
        message = "it is not set: a certificate and its key go together"
        yield _finding(settings, name, message, "set both or neither")


_PROTOCOL_OR_NOT = "set LOYALTY_KAFKA_SECURITY_PROTOCOL to {}, or remove this"


def _finding(settings: Settings, name: str, message: str, remedy: str) -> SettingsFinding:
    value = getattr(settings, name)
    shown = None if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return SettingsFinding(PREFIX + name.upper(), message, remedy, shown)
