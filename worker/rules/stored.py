"""What a history holds, indexed as it is asked for."""

from worker.rules.ports import StoredRules


class StoredSets:
    """The reading half of `RuleHistory`. Order of `add` is the order of the history."""

    def __init__(self) -> None:
        self._by_hash: dict[str, StoredRules] = {}
        self._latest: dict[str, StoredRules] = {}
        self._latest_of_file: dict[str, StoredRules] = {}

    def add(self, stored: StoredRules) -> None:
        self._by_hash.setdefault(stored.content_hash, stored)
        self._latest[stored.organization] = stored
        self._latest_of_file[stored.file] = stored

    def by_hash(self, content_hash: str) -> StoredRules | None:
        return self._by_hash.get(content_hash)

    def latest(self, organization: str) -> StoredRules | None:
        return self._latest.get(organization)

    def latest_of_file(self, file: str) -> StoredRules | None:
        return self._latest_of_file.get(file)
