"""docs/settings.md, generated so that it cannot fall behind: `python -m config.document`."""

from typing import Any

from config.settings import FIELDS, PREFIX, Settings, expects

HEAD = """# Settings

Generated from `config/settings.py` by `make docs`: change them there.

Every setting is an environment variable. The same names may stand in the file that
`LOYALTY_SETTINGS_FILE` names: YAML or JSON (`.yaml`, `.yml`, `.json`), TOML (`.toml`), else
`NAME=value` lines; there in any case and with or without the prefix. The environment wins over the
file; an empty variable counts as not set.

All settings are checked before anything starts, and every fault is one line that names the
variable, its value and the remedy. A variable that begins with `LOYALTY_` and is not in this table
is an error too. Passwords are read from files, never from variables, and are shown nowhere.
"""

GROUPS = (
    ("Kafka", "kafka_"),
    ("Topics", "topic_"),
    ("Redis", "redis_"),
    ("The worker", ""),
)


def markdown() -> str:
    """The whole document."""
    parts, left = [HEAD], list(FIELDS)
    for title, prefix in GROUPS:
        fields = [name for name in left if name.startswith(prefix)]
        left = [name for name in left if name not in fields]
        rows = [
            f"| `{PREFIX}{name.upper()}` | {_default(name)} | {_meaning(name)} |" for name in fields
        ]
        parts.append(
            "\n".join(
                [f"## {title}\n", "| variable | default | meaning |", "|---|---|---|", *rows, ""]
            )
        )
    return "\n".join(parts)


def _default(name: str) -> str:
    value: Any = Settings.model_fields[name].default
    if value is None or value == "":
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _meaning(name: str) -> str:
    meaning = str(Settings.model_fields[name].description)
    if name.startswith("topic_"):
        return meaning  # all take the same, which the name says
    return f"{meaning} Takes {expects(name)}.".replace("|", "\\|")


if __name__ == "__main__":
    print(markdown(), end="")
