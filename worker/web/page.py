"""The index page: where a person who opened the port in a browser finds the rest."""

from collections.abc import Callable, Mapping
from html import escape

from worker.web.health import Answer, Health

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>loyalty worker</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto }}
td {{ padding: .2rem 1.5rem .2rem 0 }}
</style>
</head>
<body>
<h1>loyalty worker</h1>
<table>
{rows}
</table>
<p>{lanes}</p>
<p><a href="/metrics">/metrics</a> is for Prometheus.</p>
</body>
</html>
"""


def index_page(health: Health, probes: Mapping[str, Callable[[Health], Answer]]) -> str:
    """HTML with each probe's status and the reasons behind it."""
    rows = "\n".join(_row(path, probe(health)) for path, probe in probes.items())
    lanes = f"{health.lanes_open} of {health.lanes_assigned} lanes open"
    return _PAGE.format(rows=rows, lanes=lanes)


def _row(path: str, answer: Answer) -> str:
    good, body = answer
    reasons = body.get("reasons")
    text = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
    cells = (
        f'<a href="{escape(path)}">{escape(path)}</a>',
        "200" if good else "503",
        escape(str(body["status"])),
        escape(text),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
