"""Health, metrics and an index page over HTTP."""
