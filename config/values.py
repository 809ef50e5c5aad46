"""How the text of one setting becomes a value. Each raises ValueError that says what is wrong."""

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

REDIS_SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster", "memory")
DIRECTORY = "directory:"
KAFKA = "kafka:"

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


def text_of(path: Path) -> str:
    """A file's text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None


def servers(text: str) -> str:
    """`host:port`, several of them separated by commas."""
    for part in text.split(",") if text else ():
        match = _SERVER.fullmatch(part.strip())
        if match is None or not 0 < int(match[2]) < 65536:
            raise ValueError(f"{part.strip()!r} is not host:port")
    return text


def topic_name(text: str) -> str:
    """What Kafka takes for a topic's name."""
    if not _TOPIC.fullmatch(text) or text in {".", ".."}:
        raise ValueError("this is not a name that Kafka takes")
    return text


def redis_url(text: str) -> str:
    """A URL of a known scheme that carries neither a user nor a password; of a cluster it may name
    several nodes, joined by commas."""
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in REDIS_SCHEMES:
        raise ValueError(f"the scheme {parts.scheme!r} is not known")
    is_cluster = parts.scheme.endswith("+cluster")
    for node in parts.netloc.split(",") if is_cluster else [parts.netloc]:
        _check_node(node, parts.scheme)
    if parts.path.strip("/") and not parts.path.strip("/").isdecimal():
        raise ValueError("what follows the host is not the number of a database")
    if is_cluster and parts.path.strip("/") not in {"", "0"}:
        raise ValueError("a cluster has no database but 0")
    return text


def _check_node(node: str, scheme: str) -> None:
    parts = urlsplit(f"//{node}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it carries a user or a password")
    if scheme != "memory" and not parts.hostname:
        raise ValueError("it names no host")
    _ = parts.port  # raises ValueError where it is no port


def key_prefix(text: str) -> str:
    """Braces would move a lane's keys out of their common hash slot."""
    if re.search(r"[{}\s]", text):
        raise ValueError("braces and blanks cannot stand in it")
    return text


def rules_source(text: str) -> str:
    """`directory:/path` or `kafka:`."""
    if text in {"", KAFKA}:
        return text
    if not text.startswith(DIRECTORY):
        raise ValueError("this is no source of rules")
    if not text.removeprefix(DIRECTORY):
        raise ValueError("the path is missing")
    return text


def rules_directory(text: str) -> Path | None:
    return Path(text.removeprefix(DIRECTORY)) if text.startswith(DIRECTORY) else None


def start_from(value: object) -> object:
    """`earliest`, `latest`, or an RFC 3339 instant with its offset."""
    if not isinstance(value, str):
        return value
    word = value.lower()
    if word in {"earliest", "latest"}:
        return word
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("this is neither a known word nor an instant") from None
    if instant.tzinfo is None:
        raise ValueError("the instant has no offset from UTC")
    return instant


def upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
