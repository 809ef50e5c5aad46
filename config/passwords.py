"""Passwords come from files, never from variables: a process's environment is easily seen."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from config.errors import SettingsFinding
from config.settings import PREFIX, SECRETS
from config.values import text_of


def read_passwords(fields: Mapping[str, str]) -> tuple[dict[str, object], list[SettingsFinding]]:
    """The first line of each `*_password_file` among `fields`, and what is wrong with the others.

    A finding does not show the value: people put the password itself there by mistake.
    """
    passwords: dict[str, object] = {}
    findings = []
    for name in sorted(SECRETS):
        file = fields.get(f"{name}_file")
        if file is None:
            continue
        try:
            passwords[name] = SecretStr(_first_line(Path(file)))
        except ValueError as error:
            variable = f"{PREFIX}{name.upper()}_FILE"
            remedy = "name a readable file that begins with the password"
            findings.append(SettingsFinding(variable, str(error), remedy))
    return passwords, findings


def _first_line(path: Path) -> str:
    lines = text_of(path).splitlines()
    if not lines or not lines[0]:
        raise ValueError("the first line of the file is empty")
    return lines[0]
