"""The real parts that tests, benchmarks and fault runs stand on: Kafka, Redis, a cutting proxy.

Each part is a context manager that lives in a temporary directory on free loopback ports and is
gone when its owner is, whatever ended the owner.
"""
