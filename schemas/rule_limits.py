"""The brakes of a rule set and of a rule, as authored."""

from pydantic import Field

from schemas.authored import Authored, Count, Hours, Money, Period, TimeOfDay


class Amount(Authored):
    """So much money per calendar period."""

    amount_major: Money
    per: Period


class Times(Authored):
    """So many times per calendar period."""

    times: Count
    per: Period


class QuietHours(Authored):
    """Local hours in which pushes wait for their end; `to` before `from` crosses midnight."""

    since: TimeOfDay = Field(alias="from", examples=["22:00"])
    to: TimeOfDay = Field(examples=["09:00"])


class PushLimit(Authored):
    """At most so many pushes per client and period, none in quiet hours."""

    times: Count | None = None
    """Together with `per`."""
    per: Period | None = None
    quiet_hours: QuietHours | None = None


class SetLimits(Authored):
    """The brakes of the whole set."""

    budget: Amount | None = None
    """All credits of all rules to all clients."""
    per_client_credit: Amount | None = None
    """All credits of all rules to one client."""
    push: PushLimit | None = None


class Cooldown(Authored):
    """Time that must pass after a firing for the same client."""

    hours: Hours


class RuleLimits(Authored):
    """How often a rule may fire and how much it may credit."""

    per_client: list[Times] = Field(default_factory=list)
    """Firings per client: all entries hold."""
    cooldown: Cooldown | None = None
    budget: Amount | None = None
    """All credits of the rule to all clients."""
