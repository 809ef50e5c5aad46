"""What any earlier release wrote is read to the same states, and written on as if it had been
written by this one from the beginning: states that a release took over must not differ from those
that it works out from the log (their digests are compared)."""

import pytest

from rules_engine.client import ClientState
from tests.unit.client import stored_states
from tests.unit.client.stored_states import file_of, stored
from worker.tables.codec import (
    CODEC_VERSION,
    pack_client,
    pack_payment,
    unpack_client,
    unpack_payment,
)

VERSIONS = range(1, CODEC_VERSION + 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_a_client(version: int) -> None:
    frozen = stored(version)["clients"]
    for name, state in stored_states.clients(version):
        packed = frozen.pop(name)
        assert packed[0] == version
        assert unpack_client(packed) == state, name
        assert pack_client(unpack_client(packed)) == pack_client(state), name
    assert not frozen


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_a_payment(version: int) -> None:
    frozen = stored(version)["payments"]
    for name, payment in stored_states.payments():
        packed = frozen.pop(name)
        assert packed[0] == version
        assert unpack_payment(packed) == payment, name
        assert pack_payment(unpack_payment(packed)) == pack_payment(payment), name
    assert not frozen


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_what_a_history_leaves(version: int) -> None:
    frozen = stored(version)["told"]
    for name, kept in stored_states.told():
        packed = frozen.pop(name)
        if isinstance(kept, ClientState):
            assert unpack_client(packed) == kept, name
            assert pack_client(unpack_client(packed)) == pack_client(kept), name
        else:
            assert unpack_payment(packed) == kept, name
            assert pack_payment(unpack_payment(packed)) == pack_payment(kept), name
    assert not frozen


def test_the_version_of_this_release_is_frozen() -> None:
    """A change of the form needs another version, and a file of its own."""
    frozen = stored(CODEC_VERSION)
    for kind, held in stored_states.packed().items():
        assert {name: bytes.fromhex(digits) for name, digits in held.items()} == frozen[kind]


def test_no_version_is_left_out() -> None:
    assert all(file_of(version).exists() for version in VERSIONS)
