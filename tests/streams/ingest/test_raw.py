"""Raw bodies are personal data at rest: what is stored says nothing without its key, and everything with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.raw import BodyKeys, Raw, SealedError, allowed, delivery_id_of, instance_of

TOPIC = "cx.raw.stripe"
KEYS = st.binary(min_size=32, max_size=32)
RAWS = st.builds(
    Raw,
    instance=st.text(min_size=1, max_size=8),
    delivery_id=st.text(min_size=1, max_size=8),
    received_at=st.integers(0, 1 << 60),
    headers=st.dictionaries(st.sampled_from(["webhook-id", "content-type"]), st.text(max_size=8)),
    body=st.binary(max_size=64),
)
NONCE = b"a nonce of 12"[:12]


@given(raw=RAWS, key=KEYS, newer=KEYS)
def test_what_was_closed_opens_with_its_key_for_as_long_as_it_is_kept(raw: Raw, key: bytes, newer: bytes) -> None:
    """Keys are changed without writing records anew, and without losing those of yesterday."""
    sealed = BodyKeys([key]).close(TOPIC, raw, NONCE)
    assert BodyKeys([key]).open(TOPIC, sealed.value, sealed.headers) == raw
    assert BodyKeys([newer, key]).open(TOPIC, sealed.value, sealed.headers) == raw
    assert instance_of(sealed.headers) == raw.instance
    if newer != key:
        with pytest.raises(SealedError, match="not among"):
            BodyKeys([newer]).open(TOPIC, sealed.value, sealed.headers)


@given(raw=RAWS, other=RAWS, place=st.integers(0, 200))
def test_a_record_that_was_changed_or_moved_does_not_open(raw: Raw, other: Raw, place: int) -> None:
    """Whoever can write to Kafka must not be able to make one customer's words another's."""
    keys = BodyKeys([bytes(32)])
    sealed = keys.close(TOPIC, raw, NONCE)
    changed = bytearray(sealed.value)
    changed[place % len(changed)] ^= 1
    for topic, value, headers in (
        (TOPIC, bytes(changed), sealed.headers),
        ("cx.raw.zendesk", sealed.value, sealed.headers),
        (TOPIC, sealed.value[:20], sealed.headers),
        (TOPIC, sealed.value, ()),
    ):
        with pytest.raises(SealedError):
            keys.open(topic, value, headers)
    if (raw.instance, raw.delivery_id) != (other.instance, other.delivery_id):
        with pytest.raises(SealedError):
            keys.open(TOPIC, sealed.value, keys.close(TOPIC, other, NONCE).headers)


@given(body=st.binary(min_size=8, max_size=64))
def test_what_is_stored_does_not_show_the_body_or_the_key(body: bytes) -> None:
    """A raw topic may be copied, dumped and backed up by people who must not read it."""
    key = b"k" * 32
    sealed = BodyKeys([key]).close(TOPIC, Raw("main", "evt_1", 1, {}, body), NONCE)
    stored = sealed.key + sealed.value + b"".join(name.encode() + value for name, value in sealed.headers)
    assert body not in stored
    assert key not in stored


def test_keys_of_another_length_are_refused() -> None:
    """A password that is taken for a key would be a weak one, and nobody would hear of it."""
    for keys in ([], [b"short"], [bytes(32), bytes(16)]):
        with pytest.raises(ValueError, match="key"):
            BodyKeys(keys)


def test_a_delivery_without_an_id_has_one_by_what_it_is() -> None:
    """A sender that repeats a delivery without an id sends the same bytes; another instance's are another delivery."""
    one = delivery_id_of("typeform", "main", "", b"{}")
    assert one == delivery_id_of("typeform", "main", "", b"{}")
    others = {
        delivery_id_of("typeform", "other", "", b"{}"),
        delivery_id_of("segment", "main", "", b"{}"),
        delivery_id_of("typeform", "main", "x", b"{}"),
        delivery_id_of("typeform", "main", "", b"{} "),
    }
    assert len(others | {one}) == 5


def test_only_listed_headers_are_kept() -> None:
    """What authorises a sender must not lie in Kafka, where everybody who may read events would find it."""
    sent = [("Authorization", "Bearer x"), ("Webhook-Id", "1"), ("cookie", "x"), ("webhook-id", "2")]
    assert allowed(sent, frozenset({"webhook-id"})) == {"webhook-id": "2"}
