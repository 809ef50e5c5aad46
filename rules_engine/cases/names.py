"""Which files hold rule tests, and which rule set each is about: by name."""

from collections.abc import Iterator

RULE_SET_SUFFIXES = (".yaml", ".yml", ".json")
TEST_SUFFIXES = (".test.yaml", ".test.yml", ".test.json")


def is_rule_test(name: str) -> bool:
    """`izi.test.yaml` holds tests; it is no rule set and never in force."""
    return name.endswith(TEST_SUFFIXES)


def is_rule_set(name: str) -> bool:
    """By its name alone: what a directory of rule sets is read for."""
    return name.endswith(RULE_SET_SUFFIXES) and not is_rule_test(name)


def rule_set_names(test_name: str) -> Iterator[str]:
    """The rule sets that a file of tests may be about, the likeliest first: `izi.limits.test.yaml`
    is about `izi.limits.yaml`, else about `izi.yaml`."""
    suffix = next(suffix for suffix in TEST_SUFFIXES if test_name.endswith(suffix))
    stem = test_name.removesuffix(suffix)
    while stem:
        for kind in RULE_SET_SUFFIXES:
            yield stem + kind
        stem = stem.rpartition(".")[0]
