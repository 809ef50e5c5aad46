"""What a rule does, as authored."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.authored import Authored, Days, Formula, Hours, Id, Money, MoneyOrZero
from schemas.fields import ProductType


class Restriction(Authored):
    """What a credit may pay for; both empty: anything."""

    product_types: list[ProductType] = Field(default_factory=list)
    product_ids: list[Id] = Field(default_factory=list)


class AddBonus(Authored):
    """Credit bonuses."""

    type: Literal["ADD_BONUS"]
    formula: Formula = Field(examples=["percent(topupAmountMajor, 20)"])
    """A number in major units; rounded once, after `min` and `max`."""
    min: MoneyOrZero | None = None
    max: Money | None = None
    expires_in_days: Days | None = None
    """n × 24 hours after the event. Absent: never."""
    restriction: Restriction | None = None
    tags: list[Id] = Field(default_factory=list)


class AssignGroup(Authored):
    """Put the client into a group."""

    type: Literal["ASSIGN_GROUP"]
    group_id: Id
    expires_in_days: Days | None = None
    """The worker takes the client out again then. Absent: never."""
    tags: list[Id] = Field(default_factory=list)


class UnassignGroup(Authored):
    """Take the client out of a group."""

    type: Literal["UNASSIGN_GROUP"]
    group_id: Id
    tags: list[Id] = Field(default_factory=list)


class SendPush(Authored):
    """Send a push. `{name}` stands for a variable's value, `{{` and `}}` for braces."""

    type: Literal["SEND_PUSH"]
    title: Annotated[str, Field(min_length=1, max_length=4_000)] = Field(
        examples=["+{bonusAmountMajor} bonus"]
    )
    """At most 40 characters once the names are replaced."""
    body: Annotated[str, Field(min_length=1, max_length=4_000)] = Field(
        examples=["Your top-up of {topupAmountMajor} earned {bonusAmountMajor}."]
    )
    """At most 120 characters once the names are replaced."""
    ttl_hours: Hours | None = None
    """Not shown any more so long after the event. Absent: no limit."""
    tags: list[Id] = Field(default_factory=list)


Action = Annotated[
    AddBonus | AssignGroup | UnassignGroup | SendPush,
    Field(discriminator="type"),
]
