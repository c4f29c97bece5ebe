"""Avro's variable-length integers and what is counted by them, read strictly (Avro 1.12, "Binary Encoding")."""

import struct

STEP = [0 if byte & 129 else 1 + (byte >> 1) for byte in range(256)]
"""Step past a string by its first byte where this byte is its whole length, else nowhere."""

_EIGHT = struct.Struct("<Q").unpack_from
_CONTINUED = 0x0080_8080_8080_8080
_CONTINUED_OR_NEGATIVE = 0x8080_8080_8080_8081
_INT_MAX = 2**31 - 1
_LONG_BITS = 64


class MalformedError(ValueError):
    """Bytes that the Avro specification does not allow at this place."""


def read_long(b: bytes, p: int) -> tuple[int, int]:
    """Read a 64-bit integer at offset p; return it and the offset after it. IndexError where the bytes end."""
    # Eight bytes, as instants of this age take, are read at once in half the time: the sevens of bits are pushed
    # together in pairs, then pairs of pairs, then both halves.
    try:
        (n,) = _EIGHT(b, p)
    except struct.error:
        return _read_byte_by_byte(b, p)
    n ^= _CONTINUED
    if n & _CONTINUED_OR_NEGATIVE:
        return _read_byte_by_byte(b, p)
    n -= (n & 0x7F00_7F00_7F00_7F00) >> 1
    n -= ((n & 0x3FFF_0000_3FFF_0000) >> 2) * 3
    return ((n & 0x0FFF_FFFF) >> 1) + (n >> 32 << 27), p + 8


def _read_byte_by_byte(b: bytes, p: int) -> tuple[int, int]:
    n = shift = 0
    while True:
        byte = b[p]
        p += 1
        n |= (byte & 127) << shift
        if not byte & 128:
            break
        shift += 7
        if shift >= _LONG_BITS:
            raise MalformedError("integer of more than ten bytes")
    if n >> _LONG_BITS:
        raise MalformedError("integer of more than 64 bits")
    return (n >> 1) ^ -(n & 1), p


def read_int(b: bytes, p: int) -> tuple[int, int]:
    """Read a 32-bit integer."""
    n, p = _read_byte_by_byte(b, p)
    if not -_INT_MAX - 1 <= n <= _INT_MAX:
        raise MalformedError("integer of more than 32 bits")
    return n, p


def read_string(b: bytes, p: int) -> tuple[str, int]:
    """Read a string of any length; one that runs past the end shows in an offset behind the last byte."""
    length, p = _read_byte_by_byte(b, p)
    if length < 0:
        raise MalformedError(f"string of {length} bytes")
    return b[p : p + length].decode(), p + length


def read_block(b: bytes, p: int) -> tuple[int, int]:
    """Read the element count of a further array or map block, and the block's size where it is given."""
    count, p = _read_byte_by_byte(b, p)
    if count < 0:
        _, p = _read_byte_by_byte(b, p)
        count = -count
    if not 0 < count <= len(b) - p:
        raise MalformedError(f"block of {count} elements where {len(b) - p} bytes are left")
    return count, p
