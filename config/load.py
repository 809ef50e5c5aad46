"""Settings from the environment and a file, or every finding about them at once.

1. The file that `LOYALTY_SETTINGS_FILE` names, if any (`config.file`).
2. Every `LOYALTY_` variable of the environment; it wins over the file. An empty one is not set.
3. Names that no setting has are findings.
4. Passwords come from their files.
5. Each value is checked by itself (`config.settings`), then against the others (`config.checks`).
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.checks import Part, contradictions, missing
from config.errors import SettingsError, SettingsFinding
from config.file import read_file
from config.names import unknown
from config.passwords import read_passwords
from config.settings import FIELDS, PREFIX, SETTINGS_FILE, VARIABLES, Settings, expects

WORKER_NEEDS: tuple[Part, ...] = ("kafka", "redis", "rules")


def load_settings(
    environ: Mapping[str, str],
    *,
    needs: Collection[Part] = WORKER_NEEDS,
    memory_allowed: bool = False,
) -> Settings:
    """The settings of `environ`; raises SettingsError with every finding.

    `needs`: the parts whose address must be given. `memory_allowed`: accept `memory://`, state
    that ends with the process (the demo and tests).
    """
    given = _given(environ)
    fields = {name: given[_variable(name)] for name in FIELDS if _variable(name) in given}
    findings = [unknown(name) for name in sorted(given) if name not in VARIABLES]
    findings += missing(fields, needs)
    passwords, unread = read_passwords(fields)
    findings += unread
    try:
        settings = Settings.model_validate(fields | passwords)
    except ValidationError as error:
        findings += [_finding(detail, fields) for detail in error.errors()]
        raise SettingsError(findings) from None
    findings += contradictions(settings, memory_allowed=memory_allowed)
    if findings:
        raise SettingsError(findings)
    return settings


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Steps 1 and 2: variable → text."""
    file = environ.get(SETTINGS_FILE, "")
    given = read_file(Path(file)) if file else {}
    given |= {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    given.pop(SETTINGS_FILE, None)
    return given


_MESSAGES = {
    "int_parsing": "this is not a whole number",
    "float_parsing": "this is not a number",
    "finite_number": "this is not a number",
    "greater_than_equal": "this is too small",
    "less_than_equal": "this is too large",
    "literal_error": "this word is not known",
}


def _finding(detail: ErrorDetails, fields: Mapping[str, str]) -> SettingsFinding:
    """Step 5: pydantic's finding in the words of the operator."""
    name = str(detail["loc"][0])
    cause = detail.get("ctx", {}).get("error")
    message = str(cause) if cause is not None else _MESSAGES.get(detail["type"], detail["msg"])
    value = None if name == "redis_url" else fields[name]  # a URL may hold a password
    return SettingsFinding(_variable(name), message, f"give {expects(name)}", value)
