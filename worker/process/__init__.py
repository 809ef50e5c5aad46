"""The worker as a process of the operating system."""
