"""Mutated rule files and settings: read, or refused with findings that a person can act on.

A finding has one line of message that is not empty, names a place that exists, and shows no
password. A rule file that is taken must also compile and judge events.
"""

import json
import tempfile
from pathlib import Path
from random import Random

from config.errors import SettingsError
from config.load import load_settings
from config.settings import SETTINGS_FILE, VARIABLES
from rules_engine.author.load import load_rule_set
from rules_engine.compile import compile_rule_set
from rules_engine.errors import RuleSetError
from rules_engine.simulate import simulate
from tests.fuzz.events import BEGIN, good_event

RULE_FILES = (
    *sorted(Path("tests/data/author").glob("*.yaml")),
    *sorted(Path("examples/scenarios").glob("*/rules.yaml")),
    Path("config/samples/izi.yaml"),
)
SECRET = "correct-horse-battery"
PIECES = (
    *("{", "}", "[", "]", ": ", "- ", "\n", "\t", '"', "'", "#", "&a ", "*a", "!!int ", "|\n", "%"),
    *("null", "~", "yes", "1e999999", "0x10", "1_000", ".inf", "-1", "99999999999999999999999"),
    *(" and ", " or not ", "percent(", ")", "**", "//", "__class__", "lambda: 0", "{0}", "{x!r}"),
    *("\x00", "\ufeff", "\u2028", "１２", "клуб", "\U0001f600", "\x1f", "\\u0000", "a" * 300),
)


class Unclear(AssertionError):
    """A fault that no one clear message was made of."""


def mutate(random: Random, text: str) -> str:
    """A few faults in a text of lines."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = random.choice((_insert, _drop, _line, _indent, _word, _number))(random, text)
    return text


def _insert(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(PIECES) + text[place:]


def _drop(random: Random, text: str) -> str:
    first = random.randrange(len(text) + 1)
    return text[:first] + text[first + random.choice((1, 1, 3, 40)) :]


def _line(random: Random, text: str) -> str:
    """A line is doubled, lost, or moved."""
    lines = text.split("\n")
    line = lines.pop(random.randrange(len(lines)))
    for _ in range(random.choice((0, 1, 2))):
        lines.insert(random.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _indent(random: Random, text: str) -> str:
    lines = text.split("\n")
    place = random.randrange(len(lines))
    lines[place] = random.choice((" ", "  ", "\t", "- ")) + lines[place]
    return "\n".join(lines)


def _word(random: Random, text: str) -> str:
    """A word of the text in the place of another."""
    words = text.split(" ")
    words[random.randrange(len(words))] = random.choice(words)
    return " ".join(words)


def _number(random: Random, text: str) -> str:
    places = [place for place, sign in enumerate(text) if sign.isdecimal()]
    if not places:
        return text
    place = random.choice(places)
    return text[:place] + random.choice(("", ".", "-", "9" * 40, "e9")) + text[place + 1 :]


def try_rules(random: Random) -> str:
    """`taken` or `refused`. Raises Unclear; whatever else comes out is a crash."""
    file = random.choice(RULE_FILES)
    text = mutate(random, file.read_text())
    try:
        checked = load_rule_set(text, "rules.yaml")
    except RuleSetError as error:
        _clear_rules(error, text)
        return "refused"
    compiled = compile_rule_set(checked)
    lines = [good_event(random, number, 3, BEGIN) for number in range(6)]
    for line in lines:
        line["organizationId"] = checked.organization_id
    list(simulate(compiled, [json.dumps(line).encode() for line in lines]))
    return "taken"


def _clear_rules(error: RuleSetError, text: str) -> None:
    if not error.diagnostics:
        raise Unclear("refused without a finding")
    lines = text.count("\n") + text.count("\r") + text.count("\u2028") + text.count("\x85") + 2
    for found in error.diagnostics:
        if not found.message.strip() or "\n" in found.message or "Traceback" in str(found):
            raise Unclear(f"{found!r}")
        if not 0 <= found.line <= lines or (found.line and found.column < 1):
            raise Unclear(f"a place that does not exist: {found!r}")


GOOD_SETTINGS = {
    "LOYALTY_KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092,kafka-2:9092",
    "LOYALTY_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "LOYALTY_KAFKA_SASL_MECHANISM": "PLAIN",
    "LOYALTY_KAFKA_SASL_USERNAME": "loyalty",
    "LOYALTY_REDIS_URL": "redis://redis:6379/0",
    "LOYALTY_RULES_SOURCE": "directory:/rules",
    "LOYALTY_START_FROM": "2026-11-22T00:00:00+03:00",
    "LOYALTY_BATCH_MAX_EVENTS": "500",
    "LOYALTY_KAFKA_HEARTBEAT_SECONDS": "0.5",
    "LOYALTY_TOPIC_TOPUPS": "loyalty.topups",
}


def try_settings(random: Random, directory: Path) -> str:
    """As `try_rules`. Half of them come from a file, whose text is mutated."""
    secret = directory / "password"
    secret.write_text(random.choice((SECRET, SECRET, "", SECRET + "\n\n", "\x00")))
    given = GOOD_SETTINGS | {"LOYALTY_KAFKA_SASL_PASSWORD_FILE": str(secret)}
    name = random.choice(VARIABLES)
    given[name] = mutate(random, given.get(name, "1"))
    environ = given
    if random.random() < 0.5:
        path = directory / random.choice(("s.yaml", "s.json", "s.toml", "s.env", "s"))
        path.write_bytes(mutate(random, _as_file(given, path.suffix)).encode("utf-8", "replace"))
        environ = {SETTINGS_FILE: str(path)}
    try:
        load_settings(environ)
    except SettingsError as error:
        _clear_settings(error)
        return "refused"
    return "taken"


def _as_file(given: dict[str, str], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(given, indent=1)
    joint = {".toml": " = ", ".yaml": ": "}.get(suffix, "=")
    return "".join(f"{name}{joint}{json.dumps(value)}\n" for name, value in given.items())


def _clear_settings(error: SettingsError) -> None:
    if not error.findings:
        raise Unclear("refused without a finding")
    for found in error.findings:
        text = str(found)
        if not found.variable.strip() or not found.message.strip() or not found.remedy.strip():
            raise Unclear(text)
        if "\n" in text or "Traceback" in text or SECRET in text:
            raise Unclear(text)


def fuzz_texts(first: int, count: int) -> dict[str, int]:
    """So many rule files and so many settings; how many were taken and refused. Raises Unclear,
    with the seed."""
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(first, first + count):
            for what in ("rules", "settings"):
                random = Random(f"{what} {seed}")
                try:
                    ended = (
                        try_rules(random)
                        if what == "rules"
                        else try_settings(random, Path(directory))
                    )
                except Exception as error:
                    raise Unclear(f"{what}, seed {seed}: {error!r}") from error
                counts[f"{what} {ended}"] = counts.get(f"{what} {ended}", 0) + 1
    return counts
