"""Variables that no setting has: nearly always a misspelt one, so it is never passed over."""

import re
from difflib import get_close_matches

from config.errors import SettingsFinding
from config.settings import PREFIX, SECRETS, VARIABLES

_SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT)|_PORT(_\d+_(TCP|UDP)|$)")


def unknown(name: str) -> SettingsFinding:
    """The finding about a variable that is none. Its value is not shown: it may be a secret."""
    if name.removeprefix(PREFIX).lower() in SECRETS:
        message = "a password is never taken from a variable"
        return SettingsFinding(name, message, f"name the file that holds it in {name}_FILE")
    near = get_close_matches(name, VARIABLES, n=1, cutoff=0.8)
    if near:
        return SettingsFinding(name, "there is no such setting", f"did you mean {near[0]}?")
    if _SERVICE_LINK.search(name):
        remedy = "set enableServiceLinks: false in the pod: Kubernetes made it of a service's name"
        return SettingsFinding(name, "there is no such setting", remedy)
    return SettingsFinding(name, "there is no such setting", "remove it; docs/settings.md has all")
