"""When timers are due, and in which order.

A position is an instant and a kind within it; what lies behind the position is not made up for.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.reference.calendar import is_birthday, local, local_instant
from tests.reference.memory import Client

if TYPE_CHECKING:
    from tests.reference.model import Model

LAPSE, GROUP_END, BONUS_EXPIRED, AFTER_FIRST_VISIT, BIRTHDAY, BONUS_EXPIRING, CLIENT_ABSENT = range(
    7
)
EVENTS = 99
RANKS = {
    "AFTER_FIRST_VISIT": AFTER_FIRST_VISIT,
    "BIRTHDAY": BIRTHDAY,
    "BONUS_EXPIRING": BONUS_EXPIRING,
    "CLIENT_ABSENT": CLIENT_ABSENT,
}
YEAR = timedelta(days=366)

Position = tuple[datetime, int]


@dataclass
class Due:
    """Everything of one kind for one client at one instant; `rules` of a rule's timer."""

    at: datetime
    rank: int
    client: Client
    rules: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[datetime, int, tuple[str, str]]:
        return self.at, self.rank, self.client.key


def earliest(clients: list[Client]) -> Due | None:
    """What comes first: by instant, then kind, then client."""
    dues = [due for client in clients for due in dues_of(client)]
    return min(dues, key=lambda due: due.order, default=None)


def dues_of(client: Client) -> list[Due]:
    dues = [
        Due(batch.expires, LAPSE, client)
        for batch in client.account.batches
        if batch.expires is not None and not batch.lapsed
    ]
    dues += [Due(end.at, GROUP_END, client) for end in client.group_ends]
    dues += [Due(at, BONUS_EXPIRED, client) for at in client.expired]
    for at, trigger, _ in client.dues:
        rules = tuple(
            sorted(rule for when, kind, rule in client.dues if (when, kind) == (at, trigger))
        )
        dues.append(Due(at, RANKS[trigger], client, rules))
    return dues


def watch_facts(model: "Model", client: Client) -> None:
    """Timers of visits and birthdays, set anew whenever the fact has changed."""
    for rule in model.rule_set["rules"]:
        trigger = rule["trigger"]
        if trigger not in ("AFTER_FIRST_VISIT", "CLIENT_ABSENT", "BIRTHDAY"):
            continue
        fact: Any = {
            "AFTER_FIRST_VISIT": client.first_visit,
            "CLIENT_ABSENT": client.last_visit,
            "BIRTHDAY": client.birthday,
        }[trigger]
        if client.watched.get(rule["id"]) == fact:
            continue
        client.watched[rule["id"]] = fact
        client.dues = {due for due in client.dues if due[2] != rule["id"]}
        if trigger == "BIRTHDAY":
            set_due(model, client, rule, next_birthday(model, client, rule))
        else:
            day = local(fact, model.rule_set["timeZone"]).date()
            days = timedelta(days=int(rule["after"]["days"]))
            set_due(model, client, rule, due_on(model, rule, day + days))


def start_over(model: "Model", client: Client) -> None:
    """Under another rule set: whatever is due by it after the position, by the client's facts."""
    client.dues.clear()
    client.watched.clear()
    watch_facts(model, client)
    for batch in client.account.batches:
        if batch.expires is not None and not batch.lapsed:
            watch_lapse(model, client, batch.expires)


def fact_date(client: Client, rule: dict[str, Any], today: date, zone: str) -> date:
    """The local date of the fact for which a rule is due today."""
    if rule["trigger"] == "BIRTHDAY":
        return today
    if rule["trigger"] == "BONUS_EXPIRING":
        return today + timedelta(days=int(rule["before"]["days"]))
    visit = client.first_visit if rule["trigger"] == "AFTER_FIRST_VISIT" else client.last_visit
    assert visit is not None
    return local(visit, zone).date()


def watch_lapse(model: "Model", client: Client, expires: datetime) -> None:
    """BONUS_EXPIRING, once per rule, client and local lapse day."""
    day = local(expires, model.rule_set["timeZone"]).date()
    for rule in model.rule_set["rules"]:
        if rule["trigger"] == "BONUS_EXPIRING":
            days = timedelta(days=int(rule["before"]["days"]))
            set_due(model, client, rule, due_on(model, rule, day - days))


def set_due(model: "Model", client: Client, rule: dict[str, Any], at: datetime) -> None:
    """Not where that instant is past already."""
    if (at, RANKS[rule["trigger"]]) > model.position:
        client.dues.add((at, rule["trigger"], rule["id"]))


def next_birthday(model: "Model", client: Client, rule: dict[str, Any]) -> datetime:
    """The first that is still to come; one every year."""
    day = model.position[0].date() - timedelta(days=2)
    while True:
        if is_birthday(day, client.birthday):
            at = due_on(model, rule, day)
            if (at, BIRTHDAY) > model.position:
                return at
        day += timedelta(days=1)


def due_on(model: "Model", rule: dict[str, Any], day: date) -> datetime:
    """The rule's time of that day in the organization's zone."""
    return local_instant(day, rule.get("at", "10:00"), model.rule_set["timeZone"])
