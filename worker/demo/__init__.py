"""The worker on live sample traffic in one process: no Kafka, no Redis, nothing to install."""
