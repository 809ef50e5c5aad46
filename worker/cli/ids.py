"""Ids that people name on the command line."""

import typer


def require_id(name: str, text: str) -> None:
    """`name`: what the help calls it. Raises BadParameter for what no event can carry as an id."""
    if not text or "\x1f" in text or not text.isprintable():
        raise typer.BadParameter(f"{name} must be an id: text that is not empty, without controls")
