"""Avro's variable-length integers and what is counted by them, read strictly (Avro 1.12, "Binary Encoding")."""

from struct import Struct

_EIGHT = Struct("<8B").unpack_from
_CONTINUED = sum(128 << (7 * place) for place in range(7))
_INT_MAX = 2**31 - 1
_LONG_BITS = 64


class MalformedError(ValueError):
    """Bytes that the Avro specification does not allow at this place."""


def read_long(b: bytes, p: int) -> tuple[int, int]:
    """Read a 64-bit integer at offset p; return it and the offset after it. IndexError where the bytes end."""
    if p + 8 <= len(b) and not b[p + 7] & 128:
        # An instant of this age takes eight bytes: all at once is half the time of one by one.
        b0, b1, b2, b3, b4, b5, b6, b7 = _EIGHT(b, p)
        if b0 & b1 & b2 & b3 & b4 & b5 & b6 & 128:
            low = b0 + (b1 << 7) + (b2 << 14) + (b3 << 21)
            n = low + (b4 << 28) + (b5 << 35) + (b6 << 42) + (b7 << 49) - _CONTINUED
            return (n >> 1) ^ -(n & 1), p + 8
    return _read_byte_by_byte(b, p)


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
