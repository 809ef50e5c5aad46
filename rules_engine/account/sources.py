"""What batches of one origin have in common: told once for all of them."""

from msgspec import Struct

from rules_engine.account.values import Batch, Earned, Opened

_UNRESTRICTED = ((), ())


class Source(Struct, frozen=True, gc=False, array_like=True):
    """`charged` and `siblings`: as in `Earned`."""

    rule_id: str
    charged: str = ""
    siblings: int = 1
    product_types: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    opened_by: Opened = Opened.RULE


Sources = tuple[str | Source, ...]
"""A rule's id alone where all else is usual."""


def source_of(batch: Batch) -> str | Source:
    """What it has in common with others."""
    restriction = batch.product_types, batch.product_ids
    return source(batch.rule_id, batch.earned, restriction, batch.opened_by)


def source(
    rule_id: str,
    earned: Earned | None,
    restriction: tuple[tuple[str, ...], tuple[str, ...]],
    opened_by: Opened = Opened.RULE,
) -> str | Source:
    """As `source_of`. `restriction`: product types, product ids."""
    charged, siblings = ("", 1) if earned is None else (earned.charged, earned.siblings)
    if charged or siblings != 1 or opened_by or restriction != _UNRESTRICTED:
        return Source(rule_id, charged, siblings, *restriction, opened_by)
    return rule_id
