"""One connection to a server: idle ones that are closed, certificates that nobody vouches for, answers that are odd."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from streams.emit.endpoint import Answer, Endpoint, Unanswered, Verdict
from streams.emit.making import line_of
from tests.support import events_route
from tests.support.events_route import TOKEN, Route

LINE = line_of(
    "invitation_opened",
    {
        "event_id": "3f0c1d9e-7c55-4d0b-9b0a-2f6c1c1f0a11",
        "account_id": "acme",
        "occurred_at": 1_791_203_400_000_000,
        "source": "shop:main",
        "invitation_id": "inv-1",
    },
)


@pytest.fixture
def route() -> Iterator[Route]:
    with events_route.serve() as running:
        yield running


@pytest.mark.servers
def test_a_connection_that_was_closed_while_idle_is_no_outage(route: Route) -> None:
    """An application that emits once a minute would otherwise be told of an outage with each event."""
    route.hangs_up = True
    endpoint = Endpoint(route.url, TOKEN)
    for _ in range(3):
        assert endpoint.post(LINE).verdict == Verdict(1)
        time.sleep(0.05)
    endpoint.close()
    assert len(route.requests) == 3


@pytest.mark.servers
def test_a_server_that_is_gone_is_no_answer(route: Route) -> None:
    """Both tries of a request may fail; names that do not exist fail before one begins."""
    route.hangs_up = True
    endpoint = Endpoint(route.url, TOKEN)
    endpoint.post(LINE)
    endpoint._connection.port = 9
    for gone in (endpoint, Endpoint(f"https://{'x' * 70}.example", TOKEN)):
        with pytest.raises(Unanswered):
            gone.post(LINE)


@pytest.mark.servers
def test_an_answer_that_is_none_of_ours_is_told_in_one_plain_line(
    route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a proxy says is shown to people, in logs too: no line of its own, no colours of a terminal."""
    monkeypatch.setattr(route, "judge", lambda _body: {"accepted": 1, "refused": "\x1b[2Jgone\n"})
    with closing(Endpoint(route.url, TOKEN)) as endpoint:
        answer = endpoint.post(LINE)
    assert (answer.status, answer.verdict) == (200, None)
    assert answer.said.isprintable()
    assert answer.wait == 0.0


def _certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a server's TLS with a certificate of its own, and the file by which that is known."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    began = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    known, own = folder / "known.pem", folder / "own.pem"
    known.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    own.write_bytes(secret + known.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context, known


@pytest.mark.servers
def test_a_token_goes_only_to_a_server_that_somebody_vouches_for(tmp_path: Path) -> None:
    """TLS without a check of who answers would hand the token to whoever stands between."""
    context, known = _certified(tmp_path)
    with events_route.serve(context) as route:
        with pytest.raises(Unanswered, match="CERTIFICATE_VERIFY_FAILED"):
            Endpoint(route.url, TOKEN).post(LINE)
        assert route.requests == []
        endpoint = Endpoint(route.url, TOKEN, context=ssl.create_default_context(cafile=str(known)))
        assert isinstance(endpoint.post(LINE), Answer)
        endpoint.close()
    assert [json.loads(LINE)["event_id"]] == list(route.taken)
