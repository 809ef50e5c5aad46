"""The settings file: YAML or JSON (`.yaml`, `.yml`, `.json`), TOML (`.toml`), else `NAME=value`.

Keys are the variables' names, in any case, with or without their prefix. Values are read as the
text that stands there: nothing passes through a float.
"""

import io
import tomllib
from collections.abc import Mapping
from pathlib import Path

import yaml
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from config.errors import SettingsError, SettingsFinding
from config.settings import PREFIX, SETTINGS_FILE
from config.values import text_of


def read_file(path: Path) -> dict[str, str]:
    """Variable → text, without the empty ones. Raises SettingsError that names the file."""
    try:
        text = text_of(path)
    except ValueError as error:
        raise _refused(path, str(error), "name a readable file") from None
    read: dict[str, str] = {}
    for key, value in _parse(path, text).items():
        name = key.upper() if key.upper().startswith(PREFIX) else PREFIX + key.upper()
        if name in read:
            raise _refused(path, f"{name} stands there twice", "keep one of them")
        if isinstance(value, dict | list):
            raise _refused(path, f"{name} is not a single value", "give one value a key")
        read[name] = "" if value is None else _text(value)
    return {name: text for name, text in read.items() if text}


def _parse(path: Path, text: str) -> Mapping[str, object]:
    suffix = path.suffix.lower()
    try:
        if suffix in {".yaml", ".yml", ".json"}:
            parsed = yaml.load(text, Loader=yaml.BaseLoader)
        elif suffix == ".toml":
            parsed = tomllib.loads(text, parse_float=str)
        else:
            parsed = _lines(path, text)
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        reason = " ".join(str(error).split())
        raise _refused(path, f"cannot be parsed: {reason}", "mend it there") from None
    except RecursionError:
        raise _refused(path, "is nested too deeply", "write NAME: value lines") from None
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise _refused(path, "is not a mapping", "write NAME: value lines")
    return {str(key): value for key, value in parsed.items()}


def _lines(path: Path, text: str) -> dict[str, str | None]:
    """`NAME=value` lines; one that cannot be read would else be passed over."""
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            message = f"line {binding.original.line} cannot be read"
            raise _refused(path, message, "write NAME=value there, and close quotes")
    return dict(dotenv_values(stream=io.StringIO(text), interpolate=False))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(path: Path, message: str, remedy: str) -> SettingsError:
    return SettingsError([SettingsFinding(SETTINGS_FILE, message, remedy, str(path))])
