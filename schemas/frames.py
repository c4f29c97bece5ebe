"""The two frames that say which schema wrote a record.

Avro single-object encoding (Avro 1.12): C3 01, the schema's CRC-64-AVRO fingerprint in eight bytes, least significant
first, then the record. Confluent wire format: 00, the registry's schema id in four bytes, most significant first, then
the record. The first byte tells them apart.
"""

SINGLE_OBJECT = b"\xc3\x01"
SINGLE_OBJECT_HEADER = 10
CONFLUENT = b"\x00"
CONFLUENT_HEADER = 5
LOAD = ("load", b"1")
"""The Kafka header by which a sender says that it loads what had happened before."""


def single_object(fingerprint: bytes) -> bytes:
    return SINGLE_OBJECT + fingerprint


def confluent(schema_id: int) -> bytes:
    return CONFLUENT + schema_id.to_bytes(4, "big")
