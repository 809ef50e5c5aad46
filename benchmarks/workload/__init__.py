"""What every contender is given: one table of rules, one seeded stream of events."""
