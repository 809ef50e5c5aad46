"""A client's state: how large it is, and what an event's steps with it cost."""
