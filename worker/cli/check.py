"""`loyalty check`: would the worker start? Settings, Kafka, Redis and rules, all looked at."""

import os
from typing import TYPE_CHECKING

import typer

from config.errors import SettingsError, SettingsFinding
from worker.cli.output import Format, FormatOption, fail, print_json, say, sentence
from worker.cli.waiting import wait
from worker.errors import WorkerError

if TYPE_CHECKING:
    from config.settings import Settings
    from rules_engine.checked import CheckedRuleSet
    from rules_engine.diagnostics import Diagnostic
    from worker.findings import Finding

PARTS = ("settings", "kafka", "redis", "rules")


def check(form: FormatOption = Format.TEXT) -> None:
    """Test settings, Kafka, Redis and rules before a start; names what is wrong."""
    from config.load import load_settings

    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        found = [(_part_of(finding), str(finding), "ERROR") for finding in error.findings]
        looked_at: tuple[str, ...] = ()  # what leads to a part may be missing: nothing is good yet
    else:
        findings = wait(_findings(settings))
        found = [(finding.part, _told(finding), finding.severity) for finding in findings]
        looked_at = PARTS
    wrong = {part for part, _, severity in found if severity == "ERROR"}
    if form is Format.JSON:
        rows = [{"part": part, "severity": s, "message": text} for part, text, s in found]
        print_json({"good": not wrong, "findings": rows})
    else:
        for part in looked_at:
            if part not in wrong:
                print(f"{part}: good")
        for part, text, severity in found:
            (fail if severity == "ERROR" else say)(f"{part}: {text}")
    raise typer.Exit(1 if wrong else 0)


def _part_of(finding: SettingsFinding) -> str:
    """A wrong address is a fault of the part that it leads to."""
    name = finding.variable.removeprefix("LOYALTY_").lower()
    return next((part for part in PARTS[1:] if name.startswith(f"{part}_")), "settings")


def _told(finding: "Finding") -> str:
    return f"{finding.subject}: {finding.message} {finding.remedy}".strip()


async def _findings(settings: "Settings") -> list["Finding"]:
    return [
        *await _kafka(settings),
        *await _redis(settings),
        *await _lanes(settings),
        *await _rules(settings),
    ]


async def _kafka(settings: "Settings") -> list["Finding"]:
    from worker.findings import Finding
    from worker.kafka.durability import check_durability
    from worker.kafka.topic_checks import check_topics

    try:
        return [*await check_topics(settings), *await check_durability(settings)]
    except WorkerError as error:
        remedy = "Start it, or mend the LOYALTY_KAFKA_ settings."
        return [Finding("kafka", settings.kafka_bootstrap_servers, sentence(error), remedy)]


async def _redis(settings: "Settings") -> list["Finding"]:
    from worker.start import tables_of

    tables = tables_of(settings)
    try:
        return [*await tables.check(), *await tables.durability()]
    finally:
        await tables.close()


async def _lanes(settings: "Settings") -> list["Finding"]:
    """Whether log and inputs reach back to the lanes; who does not answer was named before."""
    from worker.kafka.reach import check_reach
    from worker.start import tables_of

    tables = tables_of(settings)
    try:
        return list(await check_reach(settings, tables))
    except WorkerError:
        return []
    finally:
        await tables.close()


async def _rules(settings: "Settings") -> list["Finding"]:
    from rules_engine.author.load import load_rule_set
    from rules_engine.errors import RuleSetError
    from worker.cli.rule_sets import organizations_twice
    from worker.findings import Finding
    from worker.rules.texts import check_home
    from worker.start import source_of

    source = source_of(settings)
    try:
        texts = await source.read()
    except WorkerError as error:
        remedy = "Mend LOYALTY_RULES_SOURCE, or what it names."
        return [Finding("rules", settings.rules_source, sentence(error), remedy)]
    finally:
        await source.close()
    if not texts:
        return [_empty(settings)]
    checked: dict[str, CheckedRuleSet] = {}
    found: list[Diagnostic] = []
    for file, text in sorted(texts.items()):
        try:
            loaded = load_rule_set(text.text, file)
            check_home(text, file, loaded)
            checked[file] = loaded
        except RuleSetError as error:
            found += error.diagnostics
    found += organizations_twice(checked)
    return [
        Finding("rules", f"{d.file}:{d.line}:{d.column}", f"{d.message} [{d.code}]", d.remedy)
        for d in found
    ]


def _empty(settings: "Settings") -> "Finding":
    from schemas.topics import Channel
    from worker.findings import Finding

    if settings.rules_directory is not None:
        remedy = "Put a rule set there: without one no lane opens."
        return Finding("rules", settings.rules_source, "It holds no rule set.", remedy)
    remedy = "Publish one (loyalty rules push): without one no lane opens."
    return Finding("rules", settings.topic(Channel.RULES), "The topic holds no rule set.", remedy)
