"""What every pydantic model of the wire has in common."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schemas.errors import NotAllowed
from schemas.fields import Allowed, allowed_of


class WireModel(BaseModel):
    """camelCase, immutable, and nothing is converted silently."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, strict=True
    )

    def allowed(self, digits: int) -> Self:
        """Itself with its numbers in their plain form, for a currency with `digits` decimals.

        Raises NotAllowed, naming the field, for the first number outside its range.
        """
        plain: dict[str, Any] = {}
        for name, alias, rule in _ranges(type(self)):
            value = getattr(self, name)
            if value is None:
                continue
            try:
                if isinstance(value, WireModel):
                    plain[name] = value.allowed(digits)
                elif isinstance(value, list) and value and isinstance(value[0], WireModel):
                    plain[name] = _all_allowed(value, digits)
                elif rule is not None:
                    plain[name] = rule.check(value, digits)
            except NotAllowed as fault:
                raise fault.within(alias) from None
        return self.model_copy(update=plain)


@cache
def _ranges(model: type[WireModel]) -> tuple[tuple[str, str, Allowed | None], ...]:
    """Every field with its name on the wire and the range that it asks for."""
    fields = model.model_fields.items()
    return tuple((name, field.alias or name, allowed_of(field)) for name, field in fields)


def _all_allowed(models: Sequence[WireModel], digits: int) -> list[WireModel]:
    plain = []
    for index, model in enumerate(models):
        try:
            plain.append(model.allowed(digits))
        except NotAllowed as fault:
            raise fault.within(str(index)) from None
    return plain
