"""Rules whose credits lapse, so that what a client holds is bounded however long a run is."""

import yaml


def lapsing(rules: str, days: int) -> str:
    """The rule set with `expiresInDays` in every ladder and every action: all of them credit."""
    authored = yaml.load(rules, Loader=yaml.CSafeLoader)
    for ladder in authored["ladders"]:
        ladder["expiresInDays"] = days
    for rule in authored["rules"]:
        for action in rule["actions"]:
            action["expiresInDays"] = days
    return str(yaml.dump(authored, sort_keys=False, Dumper=yaml.CSafeDumper))
