"""Rule sets published to the topic that workers take them from.

read_catalog(settings) -> Catalog                 catalog.py; live, pushed, applied by whom
require_room(settings, push) -> None              room.py; will the topics take it?
publish(settings, push, text, ...) -> None        publish.py; compare and swap
await_applied(settings, ...) -> Outcome           awaiting.py; until every worker says so
recent_change_of_tiers(...) -> ...                advice.py; no more than one in two weeks
"""
