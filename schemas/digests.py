"""Short digests that the duplicate memory keeps, stable over processes and releases.

Lengths are chosen in `rules_engine.memory`, which says what they risk. A shorter digest is the
beginning of a longer one, so that what an earlier release remembered stays known.
"""

from msgspec import msgpack
from xxhash import xxh3_64_digest, xxh3_128_hexdigest, xxh64_digest

from schemas.decoded import Event

EVENT_BYTES, CONTENT_BYTES = 6, 3

_encode = msgpack.Encoder(decimal_format="string").encode


def event_digest(event_id: str) -> bytes:
    """6 bytes that stand for an event id among those of one client."""
    return xxh64_digest(event_id.encode())[:EVENT_BYTES]


def content_digest(event: Event) -> bytes:
    """3 bytes of the known fields as they were read.

    Equal amounts and equal instants are equal however they were written, since a decoded event
    holds both in one form; unknown fields and the order of fields are not seen. A field at its
    default is left out, so that a later release may add optional fields.
    """
    return xxh3_64_digest(event.type.encode() + _encode(event))[:CONTENT_BYTES]


def content_name(event: Event) -> str:
    """32 hex digits of what `content_digest` looks at, for ids that are made from content."""
    return xxh3_128_hexdigest(event.type.encode() + _encode(event))
