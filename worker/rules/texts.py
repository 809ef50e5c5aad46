"""A rule set's text: the hash that tells whether it changed, and whose it is."""

from hashlib import sha256

from rules_engine.checked import CheckedRuleSet
from rules_engine.compile import CompiledRuleSet
from rules_engine.diagnostics import Diagnostic
from rules_engine.document import read_document
from rules_engine.errors import RuleSetError
from worker.rules.ports import RuleText


def rule_text(text: str, organization: str | None = None) -> RuleText:
    """`surrogateescape`d bytes (no UTF-8) keep their identity: loading such a text refuses it."""
    digest = sha256(text.encode(errors="surrogateescape")).hexdigest()
    return RuleText(text, digest, organization)


def unreadable_text(reason: str) -> RuleText:
    """In the place of what cannot be read: refused like a bad text, until it can be."""
    return RuleText("", sha256(f"unreadable: {reason}".encode()).hexdigest(), unreadable=reason)


def organization_of(text: str) -> str | None:
    """The organization that a text names, be it good or not; None where it cannot be made out."""
    try:
        values = read_document(text, "").values()
    except RuleSetError:
        return None
    named = values.get("organizationId") if isinstance(values, dict) else None
    return named if isinstance(named, str) and named else None


def check_readable(text: RuleText, file: str) -> None:
    """Raises RuleSetError."""
    if text.unreadable is not None:
        message, remedy = f"it cannot be read: {text.unreadable}", "make it readable for the worker"
        raise RuleSetError([_of_the_file("UNREADABLE", message, file, remedy)])


def check_home(text: RuleText, file: str, found: CheckedRuleSet | CompiledRuleSet) -> None:
    """Raises RuleSetError where a topic's key names one organization and the set another."""
    if text.organization is None or text.organization == found.organization_id:
        return
    message = f"the record's key is `{text.organization}`, its set is that of "
    message += f"`{found.organization_id}`"
    remedy = "publish a set under its own organization: `loyalty rules push` does"
    raise RuleSetError([_of_the_file("KEY_OF_ANOTHER_ORGANIZATION", message, file, remedy)])


def _of_the_file(code: str, message: str, file: str, remedy: str) -> Diagnostic:
    """A finding that has no place in the text."""
    return Diagnostic(code, message, file, 0, 1, 1, "", remedy=remedy)
