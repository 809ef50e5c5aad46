"""Pieces of rule sets for tests."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "author"

HEAD = """\
organizationId: izi
version: "1"
timeZone: Europe/Moscow
currency: RUB
"""
