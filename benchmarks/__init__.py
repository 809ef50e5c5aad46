"""Benchmarks on real Kafka and Redis: this worker next to what one would write instead."""
