"""What single vendors ask of who receives from them: Discord's PING, the forms and the handshake of CloudEvents."""

import pytest

from streams.receive.hooks import EVENT, EVENTS, HOOKS
from tests.support.receiving import Served, endpoint, run
from tests.support.signing import NOW, shown, way_of

SECRET = bytes(range(64, 96))
ATTRIBUTES = {"ce-id": ["1"], "ce-source": ["/shop"], "ce-specversion": ["1.0"], "ce-type": ["paid"]}
TOKEN = {"authorization": [f"Bearer {SECRET.hex()}"]}
HOOK = "/hooks/cloudevents/main"
cloudevents = [endpoint("cloudevents", [shown("cloudevents", SECRET)], rate=2.5)]


def test_discord_pings_and_probes() -> None:
    """Discord takes an address only where a PING is answered 204 with a content type, and a bad signature 401."""

    async def act(here: Served) -> None:
        ping = b'{"version": 1, "application_id": "1", "type": 0}'
        headers = way_of("discord").sign(SECRET, ping, int(NOW))
        answer = await here.send("/hooks/discord/main", ping, headers)
        assert (answer.status, answer.headers["Content-Type"], here.kept.records) == (204, "application/json", [])
        assert here.counts.of("discord", "main", "ping") == 1
        assert (await here.send("/hooks/discord/main", ping + b" ", headers)).status == 401

    run([endpoint("discord", [shown("discord", SECRET)])], act)


def test_cloudevents_come_alone_in_batches_and_beside_their_data() -> None:
    """The three forms that its HTTP binding has are all stored, with what tells them apart."""

    async def act(here: Served) -> None:
        for form in (EVENT, EVENTS, f"{EVENT}; charset=utf-8"):
            assert (await here.send(HOOK, b"{}", {**TOKEN, "content-type": [form]})).status == 202
        for number in ("1", "2", "2"):
            headers = {**TOKEN, **ATTRIBUTES, "ce-id": [number], "ce-subject": ["\udcff"]}
            assert (await here.send(HOOK, b"{}", headers)).status == 202
        kept = here.kept.opened()
        assert [raw.headers["content-type"] for raw in kept[:3]] == [EVENT, EVENTS, f"{EVENT}; charset=utf-8"]
        assert (kept[3].headers["ce-id"], kept[3].headers["ce-source"]) == ("1", "/shop")
        first, other, again = (raw.delivery_id for raw in kept[3:])
        assert first != other == again

    run([endpoint("cloudevents", [shown("cloudevents", SECRET)])], act)


@pytest.mark.parametrize("lacking", sorted(ATTRIBUTES))
def test_plain_json_without_the_attributes_is_no_cloudevent(lacking: str) -> None:
    """Nobody could say whose it is or what happened."""

    async def act(here: Served) -> None:
        answer = await here.send(HOOK, b"{}", {**TOKEN, **ATTRIBUTES, lacking: []})
        assert (answer.status, here.kept.records) == (400, [])
        assert here.counts.of("cloudevents", "main", "unfit") == 1

    run(cloudevents, act)


def test_who_asks_whether_it_may_send_cloudevents_is_told_how_many() -> None:
    """Senders that follow the specification send nothing before that."""

    async def act(here: Served) -> None:
        asked = {"WebHook-Request-Origin": ["shop.example"], "WebHook-Request-Rate": ["120"]}
        answer = await here.send(HOOK, b"", asked, "OPTIONS")
        allowed = [answer.headers[f"WebHook-Allowed-{name}"] for name in ("Origin", "Rate")]
        assert (answer.status, allowed) == (200, ["shop.example", "150"])
        assert (await here.send(HOOK, b"", {}, "OPTIONS")).status == 400
        stripe = await here.send("/hooks/stripe/main", b"", asked, "OPTIONS")
        assert (stripe.status, stripe.headers["Allow"]) == (405, "POST")

    run([*cloudevents, endpoint("stripe", ["x"])], act)


@pytest.mark.parametrize(
    ("vendor", "secret", "said"),
    [
        ("formbricks", "whsec_§", "whsec_ and base64"),
        ("standard_webhooks", "", "whsec_ and base64"),
        ("discord", "§ab", "64 hexadecimal digits"),
        ("discord", "ab§", "64 hexadecimal digits"),
    ],
)
def test_a_secret_that_cannot_be_one_is_found_at_the_start_and_not_shown(vendor: str, secret: str, said: str) -> None:
    """Otherwise every delivery would be refused, and nobody would know why."""
    with pytest.raises(ValueError, match=said) as caught:
        endpoint(vendor, [secret])
    assert "§" not in str(caught.value)


@pytest.mark.parametrize("vendor", sorted(HOOKS))
def test_no_way_in_is_without_a_secret(vendor: str) -> None:
    """An installation whose secret is forgotten must not take what anybody sends."""
    with pytest.raises(ValueError, match="could not be verified"):
        endpoint(vendor, [])
