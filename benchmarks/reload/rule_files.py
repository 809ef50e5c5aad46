"""The benchmark's rule set with more rules around it, none of which ever fires."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.workload.render import rule_set_yaml
from benchmarks.workload.rules import ORGANIZATION


def rules_of_size(
    size: int, version: str, organization: str = ORGANIZATION, *, edit: int = 0
) -> str:
    """At least `size` rules: those of the workload, the rest for clubs that nobody visits. `edit`:
    one more, with a formula that no other edit has."""
    authored: dict[str, Any] = yaml.safe_load(rule_set_yaml(organization))
    tiers = sum(len(ladder["tiers"]) for ladder in authored["ladders"])
    rest = range(size - tiers - len(authored["rules"]))
    authored["rules"] += [_elsewhere(f"elsewhere-{n}", n % 50, 100 + n, n % 20) for n in rest]
    if edit:
        authored["rules"].append(_elsewhere("edited", 0, 10_000 + edit, 5))
    authored["version"] = version
    return yaml.dump(authored, sort_keys=False, Dumper=yaml.CSafeDumper)


def _elsewhere(rule_id: str, club: int, at_least: int, percent: int) -> Mapping[str, Any]:
    return {
        "id": rule_id,
        "trigger": "BALANCE_TOPPED_UP",
        "clubIds": [f"club-elsewhere-{club}"],
        "when": f"topupAmountMajor >= {at_least} and topUpSource == 'CASH'",
        "actions": [{"type": "ADD_BONUS", "formula": f"percent(topupAmountMajor, {percent})"}],
    }


def replace_rules(directory: Path, text: str) -> None:
    """As an editor saves: written beside, renamed into place."""
    beside = directory / ".rules.yaml.new"
    beside.write_text(text)
    beside.rename(directory / "rules.yaml")
