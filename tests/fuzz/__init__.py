"""Mutated records, rule files and settings: nothing of it may crash, and every record is accounted
for. `make fuzz RECORDS=1000000`; a small part runs with the tests."""
