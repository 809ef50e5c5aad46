"""One suite per port, run over the shipped fake and the real thing alike."""
