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


def organization_of(text: str) -> str | None:
    """The organization that a text names, be it good or not; None where it cannot be made out."""
    try:
        values = read_document(text, "").values()
    except RuleSetError:
        return None
    named = values.get("organizationId") if isinstance(values, dict) else None
    return named if isinstance(named, str) and named else None


def check_home(text: RuleText, file: str, found: CheckedRuleSet | CompiledRuleSet) -> None:
    """Raises RuleSetError where a topic's key names one organization and the set another."""
    if text.organization is None or text.organization == found.organization_id:
        return
    raise RuleSetError(
        [
            Diagnostic(
                code="KEY_OF_ANOTHER_ORGANIZATION",
                message=f"the record's key is `{text.organization}`, its set is that of "
                f"`{found.organization_id}`",
                file=file,
                line=0,
                column=1,
                width=1,
                source="",
                remedy="publish a set under its own organization: `loyalty rules push` does",
            )
        ]
    )
