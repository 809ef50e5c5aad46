"""What this release does not do yet: refused by name and place, and nothing else is."""

import pytest

from rules_engine.author import load_rule_set
from rules_engine.author.not_supported import TABLE
from rules_engine.errors import RuleSetError
from rules_engine.variables import TRIGGERS
from tests.unit.author.texts import DATA

PLACES = [
    (39, "trigger: AFTER_FIRST_VISIT"),
    (40, "after"),
    (44, "trigger: CLIENT_ABSENT"),
    (45, "after"),
    (46, "at"),
    (48, "expiresInDays"),
    (50, "trigger: BIRTHDAY"),
    (55, "trigger: BONUS_EXPIRING"),
    (56, "before"),
]


def test_the_promotions_of_a_whole_network() -> None:
    with pytest.raises(RuleSetError) as refused:
        load_rule_set((DATA / "whole-network.yaml").read_bytes(), "whole-network.yaml")
    findings = refused.value.diagnostics
    assert {finding.code for finding in findings} == {"NOT_SUPPORTED_YET"}
    assert all("not supported yet" in finding.message for finding in findings)
    assert all(finding.remedy for finding in findings)
    assert [finding.line for finding in findings] == [line for line, _ in PLACES]
    for finding, (_, what) in zip(findings, PLACES, strict=True):
        assert what in finding.message


def test_the_table_and_the_evaluated_triggers_are_all_the_triggers() -> None:
    refused = {word for row in TABLE if row.place == "rules.*.trigger" for word in row.words}
    assert refused.isdisjoint(TRIGGERS)
    assert len(refused) + len(TRIGGERS) == 11
