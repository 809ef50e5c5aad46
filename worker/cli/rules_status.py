"""`loyalty rules status`: what is live, and what each worker made of it."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from worker.cli.failure import CommandFailed
from worker.cli.output import Format, FormatOption, print_json, print_line, print_table, say
from worker.cli.waiting import wait

if TYPE_CHECKING:
    from worker.publishing.catalog import Catalog
    from worker.rules.status import Status


def status(
    organization: Annotated[
        str | None, typer.Argument(metavar="[ORG]", help="One organization; all without it.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Every push too: version, author, reason.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show organizations, live versions, workers with what they applied, and last rejections.

    Exit code 1 where a worker refused the live set, has another one, or says nothing of it.
    """
    from config.load import load_settings
    from worker.publishing.catalog import read_catalog

    if organization is not None and not organization.strip():
        raise typer.BadParameter("ORG is empty; name an organization, or leave it out for all")
    settings = load_settings(os.environ, needs=["kafka"])
    catalog = wait(read_catalog(settings))
    if (settings.rules_source or "").startswith("directory:"):
        catalog = replace(catalog, live={})  # a topic that these workers do not read
    found = [_told(catalog, each, history) for each in _organizations(catalog, organization)]
    if form is Format.JSON:
        print_json({"workers": sorted(catalog.workers), "organizations": found})
    else:
        _show(found, catalog)
    raise typer.Exit(0 if all(each["agrees"] for each in found) else 1)


def _organizations(catalog: "Catalog", one: str | None) -> list[str]:
    """Those with a live set or a worker's status; one that is named also with pushes alone."""
    applied = {status.organization_id for status in catalog.statuses}
    shown = sorted({*catalog.live, *applied})
    if one is None:
        return shown
    if one not in shown and not catalog.pushes_of(one):
        known = ", ".join(shown) or "none"
        raise CommandFailed(f"nothing is known of rules of {one!r}; organizations here: {known}")
    return [one]


def _told(catalog: "Catalog", organization: str, history: bool) -> dict[str, Any]:
    live, pushes = catalog.live.get(organization), catalog.pushes_of(organization)
    statuses = catalog.statuses_of(organization)
    silent = catalog.workers - {each.worker for each in statuses} if live is not None else ()
    expected = None if live is None else live.content_hash
    told: dict[str, Any] = {
        "organizationId": organization,
        "version": live.checked.version if live is not None and live.checked is not None else None,
        "hash": expected,
        "pushed": _pushed(pushes[-1]) if pushes else None,
        "workers": [*map(_worker, statuses), *map(_silent, sorted(silent))],
        "agrees": not silent and all(_agrees(each, expected) for each in statuses),
    }
    if history:
        told["history"] = [
            {"version": each.version, "hash": each.content_hash} | _pushed(each) for each in pushes
        ]
    return told


def _agrees(status: "Status", expected: str | None) -> bool:
    """Where nothing was published, workers read a directory: they agree if none refused it."""
    if status.refused is not None or status.applied is None:
        return False
    return expected is None or status.applied.hash == expected


def _pushed(entry: Any) -> dict[str, Any]:
    return {"author": entry.pushed.author, "reason": entry.pushed.reason, "at": entry.pushed.at}


def _worker(status: "Status") -> dict[str, Any]:
    applied, refused = status.applied, status.refused
    return {
        "worker": status.worker,
        "version": None if applied is None else applied.version,
        "hash": None if applied is None else applied.hash,
        "since": None if applied is None else applied.since,
        "refusedAt": None if refused is None else refused.at,
        "findings": None if refused is None else refused.findings,
    }


def _silent(worker: str) -> dict[str, Any]:
    """It is in the group, and says nothing of the organization."""
    return dict.fromkeys(("version", "hash", "since", "refusedAt", "findings")) | {"worker": worker}


def _show(found: list[dict[str, Any]], catalog: "Catalog") -> None:
    if not found:
        say("No rule set is published, and no worker says that it has one.")
    rows = [
        (
            each["organizationId"],
            each["version"] or "-",
            (each["hash"] or "-")[:12],
            worker["worker"],
            worker["version"] or "-",
            worker["since"] or "-",
            _state(worker, each["hash"]),
        )
        for each in found
        for worker in each["workers"] or [_NOBODY]
    ]
    print_table(("organization", "live", "hash", "worker", "has", "since", "state"), rows)
    for each in found:
        for worker in each["workers"]:
            if worker["findings"]:
                say(f"\n{worker['worker']} refused a set of {each['organizationId']}:")
                say(worker["findings"])
        for entry in each.get("history", ()):
            line = (each["organizationId"], entry["version"], entry["hash"][:12], entry["at"])
            print_line((*line, entry["author"], entry["reason"]))
    if not catalog.workers:
        say("No worker is in the group.")


def _state(worker: dict[str, Any], live: str | None) -> str:
    """`behind`: it decides by another set than the live one; `silent`: nobody knows."""
    if worker["refusedAt"]:
        return f"refused at {worker['refusedAt']}"
    if worker["version"] is None:
        return "-" if worker is _NOBODY else "silent"
    return "applied" if live in (None, worker["hash"]) else "behind"


_NOBODY: dict[str, Any] = dict.fromkeys(("version", "since", "refusedAt", "findings")) | {
    "worker": "-"
}
