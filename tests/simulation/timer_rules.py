"""The rules of the histories in which time passes: two organizations in two zones, each with a
budget and a rule of every kind that is due by itself, in three versions."""

from collections.abc import Mapping
from functools import cache

from rules_engine.author.load import load_rule_set
from rules_engine.compile import CompiledRuleSet, compile_rule_set

RULES = """
organizationId: {organization}
version: "{version}"
timeZone: {zone}
currency: RUB
limits: {{budget: {{amountMajor: 60, per: WEEK}}}}
rules:
  - id: topup
    name: Top-up
    trigger: BALANCE_TOPPED_UP
    actions:
      - {{type: ADD_BONUS, formula: topupAmountMajor, expiresInDays: {lapse}}}
      - {{type: ASSIGN_GROUP, groupId: fresh, expiresInDays: 1}}
  - id: absent
    name: Absent
    trigger: CLIENT_ABSENT
    after: {{days: {absent}}}
    at: "{at}"
    actions:
      - {{type: ADD_BONUS, formula: "5", expiresInDays: 1}}
      - {{type: ASSIGN_GROUP, groupId: sleepers, expiresInDays: 2}}
  - {{id: absent-long, name: Long, trigger: CLIENT_ABSENT, after: {{days: 4}}, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: daysSinceLastVisit, expiresInDays: 2}}]}}
  - {{id: first, name: First, trigger: AFTER_FIRST_VISIT, after: {{days: 1}},
     actions: [{{type: ADD_BONUS, formula: visitCount}}]}}
  - {{id: birthday, name: Birthday, trigger: BIRTHDAY, at: "{at}",
     actions: [{{type: ADD_BONUS, formula: "7", expiresInDays: 1}}]}}
  - {{id: expiring, name: Expiring, trigger: BONUS_EXPIRING, before: {{days: 1}},
     actions: [{{type: SEND_PUSH, title: "{{expiringAmountMajor}}", body: b, ttlHours: 1}}]}}
  - {{id: expired, name: Expired, trigger: BONUS_EXPIRED, when: "expiredAmountMajor > 4",
     actions: [{{type: ADD_BONUS, formula: "expiredAmountMajor / 2", expiresInDays: 3}}]}}
"""
VERSIONS = {
    "r1": {"absent": 2, "at": "10:00", "lapse": 2},
    "r2": {"absent": 1, "at": "09:30", "lapse": 1},
    "r3": {"absent": 3, "at": "10:00", "lapse": 2},
}
ZONES = {"p": "Europe/Berlin", "q": "Asia/Vladivostok"}


@cache
def rule_set(organization: str, version: str) -> CompiledRuleSet:
    zone = ZONES[organization]
    text = RULES.format(organization=organization, version=version, zone=zone, **VERSIONS[version])
    return compile_rule_set(load_rule_set(text, organization))


@cache
def rules_in_force(version: str) -> dict[str, CompiledRuleSet]:
    return {organization: rule_set(organization, version) for organization in ZONES}


def rules_named(hashes: Mapping[str, str | None]) -> dict[str, CompiledRuleSet]:
    """Those that a plan names."""
    known = _by_hash()
    return {org: known[name] for org, name in hashes.items() if name is not None}


@cache
def _by_hash() -> dict[str, CompiledRuleSet]:
    every = (rule_set(organization, version) for organization in ZONES for version in VERSIONS)
    return {each.content_hash: each for each in every}
