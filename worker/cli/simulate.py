"""`loyalty simulate`: a file of events through a rule set, from empty state."""


def simulate() -> None:
    """x"""
