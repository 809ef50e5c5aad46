"""What one call can carry."""

from collections.abc import Mapping

COMMIT_VALUES = 3_900
"""Values of one commit: Redis's Lua refuses to unpack 8,000 arguments, two per key."""

LOAD_KEYS = 3_900
"""Keys of one script; a load of more is split, each part guarded by the head."""


def check_commit(values: Mapping[str, bytes]) -> None:
    """ValueError where nobody could ever commit this: the caller has to cut the batch."""
    if len(values) > COMMIT_VALUES:
        raise ValueError(f"{len(values)} values in one commit, at most {COMMIT_VALUES} fit")
