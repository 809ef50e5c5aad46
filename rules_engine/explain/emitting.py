"""The commands of a rule that fires, one an action: the plain counterpart of `commands`."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from rules_engine.calendar import HOUR_US, quiet_until
from rules_engine.checked import (
    Action,
    AddBonusAction,
    AssignGroupAction,
    CheckedRule,
    SendPushAction,
    UnassignGroupAction,
)
from rules_engine.client import GroupEnd
from rules_engine.commands import EXECUTOR
from rules_engine.explain.values import Values
from rules_engine.outcome import Origin
from schemas.ids import command_id
from schemas.instants import DAY_US, instant_text, later_text, parse_instant
from schemas.wire import (
    AddBonus,
    AssignGroup,
    CausedBy,
    Command,
    Restriction,
    SendPush,
    UnassignGroup,
)


class Emitter:
    """Of one rule on one event. `group_changes`: (group, assigned?, its end)."""

    def __init__(self, rule: CheckedRule, values: Values, origin: Origin | None) -> None:
        self.commands: list[Command] = []
        self.group_changes: list[tuple[str, bool, GroupEnd | None]] = []
        self._rule, self._values, self._origin = rule, values, origin
        self._event = values.event

    def pay(self, action: AddBonusAction, amount: Decimal) -> None:
        if amount <= 0:
            return
        days = action.expires_in_days
        self._emit(
            AddBonus,
            action,
            "ADD_BONUS",
            amount_major=f"{amount:f}",
            currency=self._values.rule_set.currency,
            batch_id=self._id(action),
            expires_at=None if days is None else self._after(days * DAY_US),
            restriction=Restriction(action.product_types, action.product_ids),
        )

    def push(self, action: SendPushAction, title: str, body: str) -> bool:
        """Was one of the texts cut?"""
        cut = [_cut(title, action.title.limit), _cut(body, action.body.limit)]
        hours = action.ttl_hours
        self._emit(
            SendPush,
            action,
            "SEND_PUSH",
            title=cut[0],
            body=cut[1],
            not_before=self._end_of_quiet_hours(),
            not_after=None if hours is None else self._after(hours * HOUR_US),
        )
        return cut != [title, body]

    def change_group(self, action: AssignGroupAction | UnassignGroupAction) -> None:
        if isinstance(action, UnassignGroupAction):
            self.group_changes.append((action.group_id, False, None))
            self._emit(UnassignGroup, action, "UNASSIGN_GROUP", group_id=action.group_id)
            return
        end, days = None, action.expires_in_days
        if days is not None:
            at = parse_instant(self._after(days * DAY_US))
            command, tags = UUID(self._id(action)).bytes, self._tags(action)
            end = GroupEnd(at, action.group_id, command, self._rule.id, action.index, tags)
        self.group_changes.append((action.group_id, True, end))
        self._emit(AssignGroup, action, "ASSIGN_GROUP", group_id=action.group_id)

    def _end_of_quiet_hours(self) -> str | None:
        push = self._values.rule_set.limits.push
        if push is None or push.quiet_since is None or push.quiet_until is None:
            return None
        calendar, at = self._values.calendar, self._event.occurred_at
        end = quiet_until(calendar, at, push.quiet_since, push.quiet_until)
        return None if end is None else later_text(end)

    def _after(self, length_us: int) -> str:
        return later_text(self._event.occurred_at + length_us)

    def _id(self, action: Action) -> str:
        event, rule = self._event, self._rule
        organization_id = self._values.rule_set.organization_id
        return command_id(organization_id, event.client_id, event.event_id, rule.id, action.index)

    def _tags(self, action: Action) -> tuple[str, ...]:
        tags = [*self._rule.tags]
        tags += [tag for tag in dict.fromkeys(action.tags) if tag not in tags]
        return tuple(dict.fromkeys(tags))

    def _emit(self, make: Any, action: Action, name: str, **payload: object) -> None:
        event, origin, rule_set = self._event, self._origin, self._values.rule_set
        self.commands.append(
            make(
                command_id=self._id(action),
                type=name,
                organization_id=rule_set.organization_id,
                club_id=event.club_id,
                client_id=event.client_id,
                rule_id=self._rule.id,
                rule_set_version=rule_set.version,
                tags=self._tags(action),
                executor=EXECUTOR,
                caused_by=CausedBy(
                    event_id=event.event_id,
                    type=event.type,
                    topic=None if origin is None else origin.topic,
                    partition=None if origin is None else origin.partition,
                    offset=None if origin is None else origin.offset,
                ),
                issued_at=instant_text(event.occurred_at),
                **payload,
            )
        )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
