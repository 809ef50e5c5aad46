"""The benchmark's rule set with more rules around it, none of which ever fires."""

from pathlib import Path
from typing import Any

import yaml

from benchmarks.workload.render import rule_set_yaml
from benchmarks.workload.rules import ORGANIZATION


def rules_of_size(size: int, version: str, organization: str = ORGANIZATION) -> str:
    """At least `size` rules: those of the workload, the rest for a club that nobody visits."""
    authored: dict[str, Any] = yaml.safe_load(rule_set_yaml(organization))
    tiers = sum(len(ladder["tiers"]) for ladder in authored["ladders"])
    for number in range(size - tiers - len(authored["rules"])):
        authored["rules"].append(
            {
                "id": f"elsewhere-{number}",
                "trigger": "BALANCE_TOPPED_UP",
                "clubIds": [f"club-elsewhere-{number % 50}"],
                "when": f"topupAmountMajor >= {100 + number} and topUpSource == 'CASH'",
                "actions": [
                    {"type": "ADD_BONUS", "formula": f"percent(topupAmountMajor, {number % 20})"}
                ],
            }
        )
    authored["version"] = version
    return yaml.dump(authored, sort_keys=False, Dumper=yaml.CSafeDumper)


def replace_rules(directory: Path, text: str) -> None:
    """As an editor saves: written beside, renamed into place."""
    beside = directory / ".rules.yaml.new"
    beside.write_text(text)
    beside.rename(directory / "rules.yaml")
