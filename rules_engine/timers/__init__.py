"""Timers: what falls due by a client's own state, and the walk that takes it in order.

`due` (order), `facts` (what of a state timers look for), `agenda` (when rules are due), `ring`
(what one unit does), `walk` (the driver that `simulate` and the worker share), `held` (an index of
facts in memory).
"""
