"""The timers of one plan: whether any may be due, whose they are, and taking them in order."""
