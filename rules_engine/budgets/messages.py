"""What lanes say to each other about budgets, over the internal topic, to explicit partitions.

Every message carries (sender, receiver, number); numbers are gapless per pair and counted in the
sender's state, so a receiver tells a repeat (lower or equal) from a loss (a gap).
"""

from decimal import Decimal

import msgspec
from msgspec import Struct

from rules_engine.budgets.port import BudgetKey, Need, organization_of


class GivenBack(Struct, frozen=True, gc=False, array_like=True):
    """What is left unused of a slice."""

    key: BudgetKey
    unused: Decimal


class Request(Struct, frozen=True, array_like=True, tag="request"):
    """One rule's needs. `given_back`: the whole unused slices of those budgets."""

    organization_id: str
    needs: tuple[Need, ...]
    given_back: tuple[GivenBack, ...]


class Granted(Struct, frozen=True, array_like=True, tag="granted"):
    """New slices, each at least the need."""

    slices: tuple[GivenBack, ...]


class Bound(Struct, frozen=True, gc=False, array_like=True):
    """No more than `left` is to be had anywhere, as long as the budget's amount is `limit`: where
    its author raised it, the owner has to be asked again."""

    key: BudgetKey
    left: Decimal
    limit: Decimal


class NoneLeft(Struct, frozen=True, array_like=True, tag="none"):
    """The budgets that are short."""

    bounds: tuple[Bound, ...]


class Recall(Struct, frozen=True, array_like=True, tag="recall"):
    """Give back what is unused; the answer names the recall."""

    key: BudgetKey
    recall: int


class Return(Struct, frozen=True, array_like=True, tag="return"):
    """`recall` 0: not asked for, money that came back by a refund."""

    key: BudgetKey
    unused: Decimal
    recall: int


class Open(Struct, frozen=True, array_like=True, tag="open"):
    """There is money again: forget the bound."""

    key: BudgetKey


Body = Request | Granted | NoneLeft | Recall | Return | Open


class Message(Struct, frozen=True, array_like=True):
    sender: int
    receiver: int
    number: int
    body: Body


def organization_of_message(message: Message) -> str:
    """Whose budgets it is about."""
    body = message.body
    if isinstance(body, Request):
        return body.organization_id
    if isinstance(body, Granted):
        return organization_of(body.slices[0].key)
    if isinstance(body, NoneLeft):
        return organization_of(body.bounds[0].key)
    return organization_of(body.key)


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def encode_message(message: Message) -> bytes:
    return _encoder.encode(message)


def decode_message(raw: bytes) -> Message:
    """Raises msgspec.DecodeError where the bytes are no message."""
    return _decoder.decode(raw)
