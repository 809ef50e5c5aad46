"""Budgets over all clients: never exceeded, spent to the last unit, paid from by many lanes.

Lanes ask each other by messages, each an effect of a committed plan (docs/adr/0003-budgets.md):

    port.py      what an evaluation asks of budgets, and the simple answer of a single lane
    messages.py  request, answer, recall, return, open
    state.py     what a lane keeps: slices, verdicts, the ledgers that it owns, channel counters
    holder.py    the asking side
    owner.py     the ledger's side
    lane.py      both, behind the numbered channel
"""
