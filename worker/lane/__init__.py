"""The lane: everything of one partition number, from its acquisition to the published batch."""
