"""Everything that `config` raises.

SettingsError   settings that cannot be used: every finding at once, each naming the variable
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SettingsFinding:
    """One fault of one variable. `value` is None where it was not set or must not be shown."""

    variable: str
    message: str
    remedy: str
    value: str | None = None

    def __str__(self) -> str:
        given = self.variable if self.value is None else f"{self.variable}={self.value!r}"
        return f"{given}: {self.message}; {self.remedy}"


class SettingsError(Exception):
    """The settings are refused. `findings` hold every fault, one line each when printed."""

    def __init__(self, findings: Sequence[SettingsFinding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
