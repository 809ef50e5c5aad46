"""Faults between rules and inside them, proven and not guessed.

    lint(text, file, Assumed(since)) -> LintReport   lint.py; raises RuleSetError
    check(rule_set, now) -> Iterator[Found]        lint.py; a checked rule set, without places
    greatest_payouts(rule_set, Assumed(since))       payouts.py; `days.greatest_day` of a client

How a proof goes: the domains of all names under a trigger (`domains`) are cut into cells where
conditions may change (`cuts`); a box (`boxes`) is a run of cells per name; `abstract` evaluates a
formula over a whole box, by intervals and finite sets, to everything that it may come to; `search`
halves boxes until a claim is plain in each, or gives up and makes none. Names are taken to be
independent of each other but for what `Box.is_possible` knows: that can only hide a finding.

Checks: `conditions` (never, always), `shadows` (exclusivity; `ordering` of two credits), `tiers`
(`tier_amounts`, `tier_edits`), `groups` (rings, guards; `membership`), `bonuses` (expiry, limits,
what feeds itself; `counting` how often a rule can match). `payouts` bound what an event is paid, by
the same boxes (`promises`), and show one (`witness`), or a client for whom a timer rings
(`timer_witness`), that `simulate` pays as much; `payout_search` looks for it, `timers` says what a
timer tells of the client. `days` does so for a client's day: `day_bound` counts (`sums`),
`day_witness` says what a day is put together from (`day_events`), `day_search` puts courses
together, each of which `day_run` evaluates. `places` and `suppressions` belong to the file.
"""

from rules_engine.lint.codes import KINDS, Code, Severity
from rules_engine.lint.lint import LintFinding, LintReport, check, lint
from rules_engine.lint.payout import Assumed

__all__ = ["KINDS", "Assumed", "Code", "LintFinding", "LintReport", "Severity", "check", "lint"]
