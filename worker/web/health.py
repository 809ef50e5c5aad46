"""How the worker is, as a value that the app replaces and the probes read.

- live: the process answers and has not crashed. Never depends on Kafka, Redis or rules: a restart
  would mend none of them.
- startup: the first assignment came and the rule sets were read.
- ready: after startup, every assigned lane is open, Kafka answers and nothing is stopping. A worker
  without a lane (more workers than partitions) is ready: it stands by.
"""

from dataclasses import dataclass

Answer = tuple[bool, dict[str, object]]
"""Good or not, and what the page says."""


@dataclass(frozen=True)
class Health:
    """Replace it (`dataclasses.replace`) with every change; the pages show the latest.

    `crashed`, `waiting`: what an operator should know, in one sentence; empty: nothing. `waiting`:
    for what no lane can do without.
    """

    assigned: bool = False
    rules_read: bool = False
    lanes_assigned: int = 0
    lanes_open: int = 0
    stopping: bool = False
    crashed: str = ""
    waiting: str = ""

    def live(self) -> Answer:
        return not self.crashed, self._answer("crashed" if self.crashed else "live")

    def startup(self) -> Answer:
        good = self.assigned and self.rules_read
        return good, self._answer("started" if good else "starting", **self._start_checks())

    def ready(self) -> Answer:
        checks: dict[str, object] = {
            **self._start_checks(),
            "lanesAssigned": self.lanes_assigned,
            "lanesOpen": self.lanes_open,
        }
        good = (
            self.assigned
            and self.rules_read
            and self.lanes_open >= self.lanes_assigned
            and not self.stopping
            and not self.crashed
            and not self.waiting
        )
        return good, self._answer(self._readiness(good), **checks)

    def _readiness(self, good: bool) -> str:
        if self.crashed:
            return "crashed"
        if self.stopping:
            return "stopping"
        return "ready" if good else "not ready"

    def _start_checks(self) -> dict[str, object]:
        return {"assigned": self.assigned, "rulesRead": self.rules_read}

    def _answer(self, status: str, **checks: object) -> dict[str, object]:
        reasons = [reason for reason in (self.crashed, self.waiting) if reason]
        return {"status": status, **checks, **({"reasons": reasons} if reasons else {})}
