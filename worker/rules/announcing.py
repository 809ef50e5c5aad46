"""What is said of rule sets: to the log, and to whoever listens (`listener.py`)."""

import logging

from rules_engine.compile import CompiledRuleSet
from rules_engine.errors import RuleSetError
from worker.errors import Misconfigured
from worker.rules.in_force import InForce, Swapped
from worker.rules.listener import Applied, Refusal, RulesListener
from worker.rules.ports import RuleText

log = logging.getLogger(__name__)


class Announcer:
    """Remembers which refusals still stand: whoever hears of a set hears of them, too."""

    def __init__(self, listener: RulesListener, in_force: InForce) -> None:
        self.refused: dict[str, str] = {}
        """Organizations of which a text was refused and none got through since, and its file."""
        self._listener = listener
        self._in_force = in_force

    def swapped(self, swapped: Swapped) -> None:
        for compiled, before in swapped.applied:
            self._applied(compiled, before)
        for organization, home in swapped.removed.items():
            log.warning("%s has no rules of %s any more: none decide", home, organization)
            self._listener.removed(organization)
        for file, home in swapped.ignored.items():
            log.error(
                "%s is ignored: %s has the organization's rules; keep one file per organization",
                file,
                home,
            )

    def got_through(self, compiled: CompiledRuleSet, file: str) -> None:
        """A text of the file may decide. A refusal is over, too, where its author went back to what
        decides already."""
        named = compiled.organization_id
        was_refused = self.refused.pop(named, None) is not None
        if was_refused and self._in_force.sets.get(named) is compiled:
            self._applied(compiled)
        self.forget(file)

    def refuse(
        self,
        named: str,
        file: str,
        text: RuleText,
        error: RuleSetError | Misconfigured,
        stays: CompiledRuleSet | None,
    ) -> None:
        """`named`: the organization, or the file where the text names none. `stays`: what decides
        nevertheless."""
        self.forget(file, but=named)
        log.error(
            "rule set refused, %s:\n%s",
            f"version {stays.version} stays in force" if stays else "and none is in force",
            error,
        )
        self.refused[named] = file
        self._listener.refused(Refusal(named, text.content_hash, str(error)))

    def forget(self, file: str, but: str | None = None) -> None:
        """What was refused of the file is gone; what decides for the organization is told by the
        swap, or now where that comes from another file."""
        refused = [name for name, each in self.refused.items() if each == file and name != but]
        for name in refused:
            del self.refused[name]
            if name not in self._in_force.sets:
                self._listener.removed(name)
            elif self._in_force.homes[name] != file:
                self._applied(self._in_force.sets[name])

    def _applied(self, compiled: CompiledRuleSet, before: CompiledRuleSet | None = None) -> None:
        named, version = compiled.organization_id, compiled.version
        log.info("rules of %s: version %s", named, version)
        if (
            before is not None
            and before.version == version
            and before.content_hash != compiled.content_hash
        ):
            log.warning(
                "the rules of %s changed and are still called version %s: commands do not tell "
                "which of the two decided; give each change a version of its own",
                named,
                version,
            )
        rules = tuple(rule.id for rule in compiled.checked.rules)
        refused = named in self.refused
        self._listener.applied(
            Applied(named, version, compiled.content_hash, rules, refused=refused)
        )
