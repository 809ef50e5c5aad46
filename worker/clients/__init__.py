"""Clients as an operator meets them: an export on its way in, one client looked at."""
