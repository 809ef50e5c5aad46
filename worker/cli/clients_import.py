"""`loyalty clients import`: a CRM's export as records that begin clients' states."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rules_engine.wording import counted
from worker.cli.clients_import_passes import check, export_of, publish_file, where_to_begin
from worker.cli.output import Format, FormatOption, keep_apart, print_json, say

if TYPE_CHECKING:
    from schemas.contract import MinorDigits
    from worker.clients.importing import Survey


def import_clients(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="One JSON object a line; *.csv: CSV with a heading."),
    ],
    organization: Annotated[
        str | None, typer.Option(metavar="ID", help="organizationId of lines that name none.")
    ] = None,
    club: Annotated[
        str | None, typer.Option(metavar="ID", help="clubId of lines that name none.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When the export was taken: their occurredAt."),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The rule set's file: amounts must fit its currency."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, publish nothing.")] = False,
    skip_bad: Annotated[
        str | None,
        typer.Option(metavar="REPORT", help="Leave bad lines out, and write them to this file."),
    ] = None,
    from_line: Annotated[
        int | None, typer.Option(min=1, help="Begin here, whatever the checkpoint says.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="How far it has come; without it FILE.checkpoint."),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Publish a CRM's export, so that clients begin with the state that they have.

    The file is checked whole before anything is published; a run that was broken off goes on where
    it was when the command is repeated. Publishing a line twice is harmless. A client who has
    counters or an account here already becomes a dead letter NOT_IMPORTED.
    """
    from config.load import load_settings

    given = _given(organization, club, at)
    digits = _minor_digits(rules)
    settings = None if dry_run else load_settings(os.environ, needs=["kafka"])
    _check_targets(file, rules, skip_bad, checkpoint)
    found, digest = check(file, given, digits, skip_bad)
    if from_line is not None and from_line > found.last_line:
        raise typer.BadParameter(
            f"--from-line {from_line}: {file} ends with line {found.last_line}"
        )
    if settings is None:
        _tell(found, 0, 0, form)
        return
    path = checkpoint or _checkpoint_of(file)
    begin = where_to_begin(path, digest, from_line)
    if begin.done:
        say(f"All of {file} is published already; --from-line 1 publishes it again.")
        _tell(found, 0, begin.line, form)
        return
    if begin.line:
        say(f"Going on behind line {begin.line}.")
    end = publish_file(settings, file, export_of(given, digits), begin, path)
    _tell(found, end.published - begin.published, begin.line, form)


def _check_targets(
    file: Path, rules: str | None, report: str | None, checkpoint: Path | None
) -> None:
    """Neither the report nor the checkpoint is written over what is read, or over the other."""
    from worker.cli.rule_sets import rule_files

    path = checkpoint or _checkpoint_of(file)
    written = [path] if report in (None, "-") else [Path(report), path]
    keep_apart([file, *([] if rules is None else map(Path, rule_files(rules)))], written)


def _given(organization: str | None, club: str | None, at: str | None) -> dict[str, str]:
    from schemas.errors import Unreadable
    from schemas.instants import parse_instant

    try:
        if at is not None:
            parse_instant(at)
    except Unreadable as error:
        raise typer.BadParameter(f"--at {error}") from None
    given = {"organizationId": organization, "clubId": club, "occurredAt": at}
    return {name: text for name, text in given.items() if text is not None}


def _minor_digits(rules: str | None) -> "MinorDigits":
    """Without a rule set: what any currency allows."""
    if rules is None:
        return lambda organization: None
    from worker.cli.replay import one_rule_set

    rule_set = one_rule_set(rules)
    digits = {rule_set.organization_id: rule_set.minor_digits}
    return digits.get


def _checkpoint_of(file: Path) -> Path:
    return file.with_name(file.name + ".checkpoint")


def _tell(found: "Survey", published: int, behind: int, form: Format) -> None:
    from rules_engine.account.values import EXACT

    plain = {name: EXACT.normalize(amount) for name, amount in sorted(found.bonus.items())}
    bonus = {name: f"{amount:f}" for name, amount in plain.items()}
    if form is Format.JSON:
        told = {"clients": found.clients, "published": published, "leftOut": found.bad}
        print_json({**told, "behindLine": behind, "bonusMajor": bonus})
        return
    clients, left_out = counted(found.clients, "client"), counted(found.bad, "line")
    print(f"{published} of {clients} published, {left_out} left out.")
    for name, amount in bonus.items():
        print(f"{name}: accounts begin with {amount} in all")
