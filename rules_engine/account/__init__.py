"""The worker's projection of a client's bonus account."""
