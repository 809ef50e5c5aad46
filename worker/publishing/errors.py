"""What keeps a push from going through.

WorkerError
└── StaleBase   another set is live than the one that the push was made against
"""

from typing import TYPE_CHECKING

from worker.errors import WorkerError

if TYPE_CHECKING:
    from worker.publishing.catalog import LiveSet


class StaleBase(WorkerError):
    """`base`: hash of the set that was expected; `live`: what is there, None if it is under way."""

    def __init__(self, organization: str, base: str | None, live: "LiveSet | None") -> None:
        self.organization, self.base, self.live = organization, base, live
        version = live.checked.version if live is not None and live.checked is not None else None
        now = f"version {version} is live now" if version else "somebody else is pushing"
        super().__init__(
            f"the rules of {organization} changed since you looked: {now}; compare "
            "(`loyalty rules diff`), merge, and push again"
        )
