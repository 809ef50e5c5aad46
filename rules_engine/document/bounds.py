"""What a rule set's file may cost before anybody looks at what it says."""

MAX_BYTES = 16 * 1024 * 1024
"""10,000 rules take about 5 MiB."""

MAX_NODES = 2_000_000
"""Values, keys and lists. 10,000 rules have about 600,000."""

MAX_DEPTH = 32
"""Lists and mappings inside each other. The format itself needs 7."""
