"""What wears a worker down: a long day, a hot client, a heap in one partition, many rule books."""
