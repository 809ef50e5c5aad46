"""`loyalty version`: which release this is, and on what it runs."""

from worker.cli.output import Format, FormatOption, print_json

PARTS = ("faust-streaming", "aiokafka", "redis", "asteval", "pydantic", "msgspec")


def version(form: FormatOption = Format.TEXT) -> None:
    """Show the release and the libraries it runs on."""
    import platform
    from importlib.metadata import version as installed

    release = installed("loyalty-worker")
    parts = {"python": platform.python_version()} | {part: installed(part) for part in PARTS}
    if form is Format.JSON:
        print_json({"version": release, "parts": parts})
        return
    print(f"loyalty-worker {release}")
    print(", ".join(f"{name} {number}" for name, number in parts.items()))
