"""A rule set's text and the hash that tells whether it changed."""

from hashlib import sha256

from worker.rules.ports import RuleText


def rule_text(text: str) -> RuleText:
    """`surrogateescape`d bytes (no UTF-8) keep their identity: loading such a text refuses it."""
    return RuleText(text, sha256(text.encode(errors="surrogateescape")).hexdigest())
