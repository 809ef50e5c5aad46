"""Starting, feeding, measuring and checking one contender at a time."""
