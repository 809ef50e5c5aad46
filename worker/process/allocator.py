"""Large blocks of memory go back to the system as soon as they are freed.

A fetch after a rebalance is one block with a megabyte for each partition of the worker. glibc gives
large blocks pages of their own only until one is freed: from then on it takes all up to that size
out of the heap, where they leave holes between small blocks. Each rebalance made the heap a little
higher, and nothing ever lowered it: 60 to 100 of 280 MB were holes after an hour's events.
"""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE = 1024 * 1024
"""What is fetched of a partition. The buffers of a commit are smaller and come with every batch: to
map them each time took a twentieth of the CPU."""
SPARE = 8 * 1024 * 1024
"""So much may stay free at the heap's end."""


def give_back_large_blocks() -> None:
    """For a process that fetches. Changes nothing where the C library is another than glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, SPARE)
