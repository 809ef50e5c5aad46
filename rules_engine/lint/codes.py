"""What lint can find: codes, how much each weighs, and what it means in a line."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """ERROR: the rule set does not do what it says. WARNING: most likely not what was meant.
    ADVICE: what the guide for owners recommends; never fails a check."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Kind(NamedTuple):
    """`of_ladder`: said once of a ladder, not of each of its tiers."""

    severity: Severity
    meaning: str
    of_ladder: bool = False


class Code(StrEnum):
    NEVER_FIRES = "NEVER_FIRES"
    SHADOWED = "SHADOWED"
    OVER_LIMIT = "OVER_LIMIT"
    FORMULA_FAILS = "FORMULA_FAILS"
    FEEDS_ITSELF = "FEEDS_ITSELF"
    BAD_SUPPRESSION = "BAD_SUPPRESSION"
    EXPIRED = "EXPIRED"
    ONLY_AFTER_LIMIT = "ONLY_AFTER_LIMIT"
    ALWAYS_TRUE = "ALWAYS_TRUE"
    NEVER_TRUE = "NEVER_TRUE"
    ZERO_CREDIT = "ZERO_CREDIT"
    TIER_GAP = "TIER_GAP"
    TIER_OVERLAP = "TIER_OVERLAP"
    TIER_PAYS_LESS = "TIER_PAYS_LESS"
    GROUP_CYCLE = "GROUP_CYCLE"
    PUSH_LOOP = "PUSH_LOOP"
    OWN_GROUP_GUARD = "OWN_GROUP_GUARD"
    NO_EXPIRY = "NO_EXPIRY"
    NO_LIMIT = "NO_LIMIT"
    UNUSED_SUPPRESSION = "UNUSED_SUPPRESSION"
    EXPIRY_LENGTH = "EXPIRY_LENGTH"
    NO_BUDGET = "NO_BUDGET"
    BONUS_SHARE = "BONUS_SHARE"


_E, _W, _A = Severity.ERROR, Severity.WARNING, Severity.ADVICE

KINDS: dict[Code, Kind] = {
    Code.NEVER_FIRES: Kind(_E, "no event fulfils the rule's conditions"),
    Code.SHADOWED: Kind(_E, "rules above it in its exclusivity group always match first"),
    Code.OVER_LIMIT: Kind(_E, "even its smallest credit is above a limit, so it never pays"),
    Code.FORMULA_FAILS: Kind(_E, "wherever the rule matches, its formula has no value"),
    Code.FEEDS_ITSELF: Kind(_E, "a rule about lapsing bonuses credits bonuses that lapse again"),
    Code.BAD_SUPPRESSION: Kind(_E, "a suppression without a reason, or of an unknown code"),
    Code.EXPIRED: Kind(_W, "the rule's validity is over", of_ladder=True),
    Code.ONLY_AFTER_LIMIT: Kind(_W, "shadowed, but where the set's limits refuse the rules above"),
    Code.ALWAYS_TRUE: Kind(_W, "a condition that holds for every event", of_ladder=True),
    Code.NEVER_TRUE: Kind(_W, "a part of a condition that holds for no event"),
    Code.ZERO_CREDIT: Kind(_W, "the credit comes to zero or less wherever the rule matches"),
    Code.TIER_GAP: Kind(_W, "amounts between two tiers that no tier pays for"),
    Code.TIER_OVERLAP: Kind(_W, "amounts for which two tiers pay, both", of_ladder=True),
    Code.TIER_PAYS_LESS: Kind(_W, "where a higher tier begins it pays less than the one below"),
    Code.GROUP_CYCLE: Kind(_W, "rules that switch each other on in a ring, without a limit"),
    Code.PUSH_LOOP: Kind(_W, "such a ring that sends a push each time round"),
    Code.OWN_GROUP_GUARD: Kind(_W, "only the group that a rule assigns keeps it from paying twice"),
    Code.NO_EXPIRY: Kind(_W, "bonuses that never lapse", of_ladder=True),
    Code.NO_LIMIT: Kind(_W, "credits that cost the client nothing and that nothing limits"),
    Code.UNUSED_SUPPRESSION: Kind(_W, "a suppression of what is not found"),
    Code.EXPIRY_LENGTH: Kind(_A, "a life of bonuses outside 30 to 60 days", of_ladder=True),
    Code.NO_BUDGET: Kind(_A, "a share of what clients pay in, without any limit"),
    Code.BONUS_SHARE: Kind(_A, "more than 35 % of a tariff's price may be paid with bonuses"),
}
"""In the order of the documentation."""
