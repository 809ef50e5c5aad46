"""What a worker tells of itself: to Prometheus and to the log."""
