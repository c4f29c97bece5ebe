"""All contenders fold one input: it must be what it says it is, and the same on every run."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.encoding import SCHEMA, ResponseEncoder
from bench.events import ACCOUNTS, EVENT_TYPE, responses
from bench.nps import EMPTY, ResponseReader, fold, nps_score
from schemas.codec import Codec

SOME = list(responses(5_000, 1_700_000_000_000_000))


def test_the_same_arguments_give_the_same_events() -> None:
    """A figure can be compared with yesterday's only over the same events."""
    assert list(responses(5_000, 1_700_000_000_000_000)) == SOME


def test_the_mix_is_the_documented_one() -> None:
    commented = sum(len(event["answers"]) == 2 for event in SOME)
    folded = EMPTY
    for event in SOME:
        folded = fold(folded, nps_score(event))
    assert commented / len(SOME) == pytest.approx(0.30, abs=0.03)
    assert [share / len(SOME) for share in folded] == pytest.approx([1.0, 0.52, 0.13], abs=0.03)
    assert len({event["event_id"] for event in SOME}) == len({event["response_id"] for event in SOME}) == len(SOME)
    busiest = Counter(event["account_id"] for event in responses(50_000, 0)).most_common(1)[0][1]
    assert busiest < 10 * 50_000 / ACCOUNTS


def test_the_contenders_decode_what_the_codec_encodes() -> None:
    """All see the product's own bytes: the quick encoder writes them as the codec does, the others read the body."""
    codec, read = Codec(), ResponseReader(str(SCHEMA))
    for event in SOME[:50]:
        value = codec.encode(EVENT_TYPE, event)
        assert ResponseEncoder()(event) == value
        found = read(value)
        assert found["account_id"] == event["account_id"]
        assert nps_score(found) == nps_score(event)
        assert codec.decode(value)[0] == EVENT_TYPE
