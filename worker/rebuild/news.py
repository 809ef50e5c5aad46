"""What a rebuild is asked to do, and what its jobs tell of it: JSON, one value a line."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct


class Share(Struct, frozen=True):
    """A lane to be rebuilt: `plans` of its log take `records` of the inputs."""

    lane: int
    plans: int
    records: int


class Order(Struct, frozen=True):
    """Lanes of one job out of `jobs`; `partitions`: how many lanes there are in all."""

    shares: Sequence[Share]
    partitions: int
    stale_outputs: str
    jobs: int = 1


class Replayed(Struct, frozen=True, tag=True):
    """So many more input records were evaluated again."""

    records: int


class Rebuilt(Struct, frozen=True, tag=True):
    lane: int
    plans: int
    records: int
    seconds: float


class Failed(Struct, frozen=True, tag=True):
    """The lane is not whole. `why`: with the remedy."""

    lane: int
    why: str


News = Replayed | Rebuilt | Failed
Tell = Callable[[News], None]

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode
decode_news: Callable[[bytes], News] = msgspec.json.Decoder(News).decode
