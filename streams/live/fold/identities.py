"""Identities of all events that a partition has taken, packed: they tell a new event from a repeated one.

A dict of them costs 110 to 190 bytes for each event, as long as the partition lives (docs/adr/0147). Here fingerprints
lie end to end in buckets, 24 bytes each with little around them, and a bucket is searched as one string.
"""

from streams.core.algebra import FINGERPRINT_BYTES, IDENTITY_BYTES, fingerprints_in

_AVERAGE = 32
"""Fingerprints in a bucket on average: with fewer of them buckets weigh more, with more of them a search is longer."""
_PER_BUCKET = _AVERAGE * FINGERPRINT_BYTES


class Identities:
    """A set of fingerprints, looked up by identity. Nothing is ever taken out.

    Buckets are split one at a time as the set grows (linear hashing), so that no addition takes long. Which bucket an
    identity is in depends on the process: its hash is salted, and no sender can aim at one bucket.

    Example: after `identities.add(fingerprint)`, `identities.digest_of(fingerprint[:16]) == fingerprint[16:]`.
    """

    __slots__ = ("_buckets", "_bytes", "_mask")

    def __init__(self) -> None:
        self._buckets = [bytearray()]
        self._mask = 1
        self._bytes = 0

    def __len__(self) -> int:
        """Return the number of fingerprints."""
        return self._bytes // FINGERPRINT_BYTES

    def digest_of(self, identity: bytes) -> bytes | None:
        """Return the digest of the content that came with an identity, None where it has not come."""
        buckets, mask = self._buckets, self._mask
        number = hash(identity) & mask
        bucket = buckets[number if number < len(buckets) else number & mask >> 1]
        at = bucket.find(identity)
        while at > 0 and at % FINGERPRINT_BYTES:  # by chance, across two fingerprints
            at = bucket.find(identity, at + 1)
        return None if at < 0 else bytes(bucket[at + IDENTITY_BYTES : at + FINGERPRINT_BYTES])

    def add(self, packed: bytes) -> None:
        """Add fingerprints, one behind the other, whose identities have not come."""
        buckets, mask = self._buckets, self._mask
        for fingerprint in fingerprints_in(packed):
            number = hash(fingerprint[:IDENTITY_BYTES]) & mask
            buckets[number if number < len(buckets) else number & mask >> 1] += fingerprint
            self._bytes += FINGERPRINT_BYTES
            if self._bytes > len(buckets) * _PER_BUCKET:
                self._split()
                mask = self._mask

    def _split(self) -> None:
        """Split the bucket whose turn it is: one more bit of the hash says what moves to a new bucket at the end."""
        buckets, mask = self._buckets, self._mask
        new = len(buckets)
        old = new & mask >> 1
        parts: tuple[list[bytes], list[bytes]] = ([], [])
        for fingerprint in fingerprints_in(bytes(buckets[old])):
            parts[hash(fingerprint[:IDENTITY_BYTES]) & mask == new].append(fingerprint)
        buckets[old] = bytearray().join(parts[0])
        buckets.append(bytearray().join(parts[1]))
        if new == mask:
            self._mask = mask << 1 | 1
