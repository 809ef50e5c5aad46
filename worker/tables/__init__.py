"""A lane's state: head, outbox and values under one hash tag. `factory.open_tables` chooses."""
