"""`loyalty clients show`: what the worker knows of one client."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rules_engine.wording import counted
from worker.cli.ids import require_id
from worker.cli.output import Format, FormatOption, print_json, print_table, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from config.settings import Settings
    from rules_engine.checked import CheckedRuleSet
    from worker.clients.reading import Held

UNKNOWN = "—"
LIST = Sequence[dict[str, Any]]


def show(
    organization: Annotated[str, typer.Argument(metavar="ORG", help="The organizationId.")],
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The clientId.")],
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The rule set: which limits are orphaned, what is due. Without it that of "
            "LOYALTY_RULES_SOURCE.",
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show one client: counters, groups, account, limits, remembered payments and timers.

    A rule that is due by dates is shown with the dates of the visit, birthday or lapse for which it
    has fired: it does not fire for them again.

    Reads Redis, as of one commit of the client's lane, and changes nothing.
    """
    from config.load import load_settings
    from worker.clients.view import view

    require_id("ORG", organization)
    require_id("CLIENT", client)
    settings = load_settings(os.environ, needs=["redis"])
    held = wait(_read(settings, organization, client))
    rule_set = _rule_set(settings, rules, organization)
    told = view(organization, client, held, rule_set)
    if form is Format.JSON:
        print_json(told)
    else:
        _print(told)
    if rule_set is None:
        say(f"No rule set of {organization} is at hand: give --rules to see what it says of these.")
    if not told["known"]:
        raise typer.Exit(1)


async def _read(settings: "Settings", organization: str, client: str) -> "Held":
    from worker.clients.reading import read_client
    from worker.kafka.dead_letters import partition_of
    from worker.start import tables_of

    tables = tables_of(settings)
    try:
        return await read_client(tables, organization, client, partition_of)
    finally:
        await tables.close()


def _rule_set(settings: "Settings", path: str | None, organization: str) -> "CheckedRuleSet | None":
    """Faults of a set that was named are errors; of the settings' they are told."""
    from rules_engine.errors import RuleSetError
    from worker.cli.rule_sets import check_files, rule_files

    source = settings.rules_directory
    if path is None and source is None:
        return wait(_published(settings, organization))
    checked, findings = check_files(rule_files(path or str(source)))
    if findings and path is not None:
        raise RuleSetError(findings)
    return next((one for one in checked.values() if one.organization_id == organization), None)


async def _published(settings: "Settings", organization: str) -> "CheckedRuleSet | None":
    """What the topic of rules holds for it, where the settings name one; None also where Kafka does
    not answer: what the tables say is shown all the same."""
    from rules_engine.author.load import load_rule_set
    from rules_engine.errors import RuleSetError
    from worker.errors import WorkerError
    from worker.start import source_of

    if not settings.rules_source or not settings.kafka_bootstrap_servers:
        return None
    source = source_of(settings)
    try:
        text = (await source.read()).get(organization)
        return None if text is None else load_rule_set(text.text, organization)
    except (RuleSetError, WorkerError) as error:
        say(str(error))
        return None
    finally:
        await source.close()


def _print(told: dict[str, Any]) -> None:
    place = f"lane {told['lane']}, plan {told['sequence']}, clock {told['clock']}"
    print(f"{told['clientId']} of {told['organizationId']} ({place})")
    if not told["known"]:
        print("Nothing is known of this client.")
        return
    if told["timesForgotten"]:
        print(f"forgotten {counted(told['timesForgotten'], 'time')}")
    _section("counters", told["counters"].items())
    _section("groups", ((group,) for group in told["groups"]))
    balance = told["bonusBalanceMajor"] if told["accountIsOpen"] else "no account yet"
    _section("bonus", [("balance", balance)])
    _section("batches", map(_batch, told["batches"]))
    _section("limits", map(_limit, told["limits"]))
    _section("cooldowns", map(_cooldown, told["cooldowns"]))
    _section("fired for the dates", map(_fact_days, told["firedFor"]))
    _section("payments", (each.values() for each in told["payments"]))
    _section("timers", map(_timer, told["timers"]))
    print(f"\n{counted(told['rememberedEvents'], 'event')} remembered.")


def _section(name: str, rows: Any) -> None:
    shown = [[UNKNOWN if cell is None else str(cell) for cell in row] for row in rows]
    if shown:
        print(f"\n{name}")
        print_table([""] * len(shown[0]), shown)


def _batch(batch: dict[str, Any]) -> Sequence[Any]:
    only_for = [*batch["restriction"]["productTypes"], *batch["restriction"]["productIds"]]
    ends = f"until {batch['expiresAt']}" if batch["expiresAt"] else "for ever"
    opened = batch["ruleId"] or batch["openedBy"]
    return batch["leftMajor"], ends, " ".join(only_for) or "anything", opened, batch["batchId"]


def _limit(limit: dict[str, Any]) -> Sequence[Any]:
    held = ", ".join(f"{each['begins'] or 'ever'}: {each['held']}" for each in limit["periods"])
    return limit["ruleId"], limit["limit"], limit["per"], held, _orphaned(limit)


def _cooldown(cooldown: dict[str, Any]) -> Sequence[Any]:
    return cooldown["ruleId"], f"fired {cooldown['firedAt']}", _orphaned(cooldown)


def _fact_days(fired: dict[str, Any]) -> Sequence[Any]:
    return fired["ruleId"], ", ".join(fired["dates"]), _orphaned(fired)


def _orphaned(counter: dict[str, Any]) -> str:
    return "orphaned: no rule asks it" if counter["orphaned"] else ""


def _timer(timer: dict[str, Any]) -> Sequence[Any]:
    more = [str(timer[name]) for name in ("ruleId", "groupId", "amountMajor") if name in timer]
    return timer["at"], timer["timer"], " ".join(more)
