"""Rule tests: what a rule set is to do in cases that its author worked out."""
