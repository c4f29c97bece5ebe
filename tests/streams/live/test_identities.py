"""An identity that is forgotten counts an event twice; one that is made up loses an event. Neither may ever happen."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from streams.live.fold.identities import Identities

BYTES = st.binary(min_size=24, max_size=24)


def fingerprint(number: int) -> bytes:
    return hashlib.blake2b(number.to_bytes(8), digest_size=24).digest()


@given(st.lists(st.lists(BYTES, max_size=20), max_size=10), st.lists(BYTES, max_size=5))
def test_it_answers_as_a_dict_would(added: list[list[bytes]], others: list[bytes]) -> None:
    """Whatever was added in whatever portions, each identity has its digest and no other one has any."""
    identities, plain = Identities(), {}
    for portion in added:
        new = {one[:16]: one[16:] for one in portion if one[:16] not in plain}
        identities.add(b"".join(identity + digest for identity, digest in new.items()))
        plain |= new
    assert len(identities) == len(plain)
    for one in [*plain, *(other[:16] for other in others)]:
        assert identities.digest_of(one) == plain.get(one)


def test_it_stays_right_while_buckets_are_split() -> None:
    """Growing by one, thousands of times, goes through every state that a split leaves."""
    identities = Identities()
    for number in range(6_000):
        assert identities.digest_of(fingerprint(number)[:16]) is None
        identities.add(fingerprint(number))
    for number in range(6_000):
        assert identities.digest_of(fingerprint(number)[:16]) == fingerprint(number)[16:]
    assert max(len(bucket) for bucket in identities._buckets) < 300 * 24, "looking one up must not cost what all weigh"


def test_bytes_across_two_fingerprints_are_no_identity() -> None:
    """A bucket is searched as one string, in which neighbours may spell what neither says."""
    one, other = bytes(range(24)), bytes(range(100, 124))
    across = (one + other)[16:32]
    identities = Identities()
    identities.add(one + other)
    assert identities.digest_of(across) is None
    identities.add(across + b"8 digest")
    assert identities.digest_of(across) == b"8 digest"
    assert identities.digest_of(other[:16]) == other[16:]
