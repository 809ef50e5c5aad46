"""How fast lanes come back from log and topics: `python -m benchmarks.replay`."""
