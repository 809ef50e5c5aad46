"""Large blocks have pages of their own, also after larger ones were freed."""

import ctypes
import subprocess
import sys

import pytest

from worker.process.allocator import give_back_large_blocks

MAPPED = """
import ctypes
from worker.process.allocator import give_back_large_blocks

class Malloc(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
                 "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Malloc
{prepared}
block = bytearray(24 << 20)
del block
before = libc.mallinfo2().hblks
block = bytearray(8 << 20)
print(libc.mallinfo2().hblks - before)
"""
"""Says how many blocks with pages of their own a fetch after a larger one is."""


@pytest.mark.parametrize(("prepared", "own"), [("", 0), ("give_back_large_blocks()", 1)])
def test_a_fetch_after_a_larger_one_is_no_part_of_the_heap(prepared: str, own: int) -> None:
    """Without the call glibc takes it out of the heap: what the call is for."""
    script = MAPPED.format(prepared=prepared)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == own


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    give_back_large_blocks()
