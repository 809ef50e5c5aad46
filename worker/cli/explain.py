"""`loyalty explain`: why each rule did or did not fire for one event of a file."""


def explain() -> None:
    """x"""
