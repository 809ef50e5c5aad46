"""What every oracle begins with: the log, read by its own rule, without the lane's code."""

from collections.abc import Sequence

from worker.lane.plan import Plan, Start, decode_record


class Broken(AssertionError):
    """An effect was lost, doubled or wrong."""


def valid_plans(log: Sequence[bytes]) -> list[Plan]:
    """A plan counts if the latest start before it opened its term and its sequence is the next."""
    term, plans = -1, list[Plan]()
    for offset, raw in enumerate(log):
        record = decode_record(raw)
        if isinstance(record, Start):
            term = offset
        elif record.term == term and record.seq == len(plans) + 1:
            plans.append(record)
    return plans


def hold(what: str, got: object, due: object) -> None:
    if got != due:
        raise Broken(f"{what}: got {got}, due {due}")
