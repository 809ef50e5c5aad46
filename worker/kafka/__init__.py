"""Kafka: the lane's inputs, its log, its outputs, and the topics that they need."""
