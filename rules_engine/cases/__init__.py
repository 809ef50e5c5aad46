"""Rule tests: what a rule set is to do in cases that its author worked out.

    load_cases(text, file, rule_set) -> CheckedCases     check.py; raises RuleSetError
    run_cases([CheckedCases, …]) -> CaseRun              run.py; results, failures, coverage

In the order of a load: `read` (text → shape), `check` with `events` (→ `checked`), then `run` with
`match`, `wording` and `coverage`. `names` tells files of tests from rule sets.
"""
