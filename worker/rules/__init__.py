"""Rule sets on their way to the lanes: sources, history, and the sets in force."""
