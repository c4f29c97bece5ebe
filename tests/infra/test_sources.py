"""The sources file: what is wrong with it is said at once, and nothing that it refers to is ever shown."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import sources
from infra.sources import SourcesError
from streams.ingest.raw import Raw
from streams.ingest.vendors.model import AccountRules, Instance

KEY, OTHER = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
ENVIRONMENT = {"STRIPE_SECRET": "whsec_one", "KEY": KEY, "OTHER": OTHER}
WHOLE = """
stripe:
  main:
    secrets: [env:STRIPE_SECRET, file:before]
    body_keys: [file:main.key]
    rate: 200
    accounts: {metadata_key: account, domains: {acme.example: acme}}
    options: {livemode: true}
zendesk:
  emea:
    body_keys: [env:OTHER]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "before").write_text("whsec_two\n")
    (tmp_path / "main.key").write_text(KEY + "\n")
    return tmp_path


def _written(folder: Path, text: str) -> str:
    (folder / "sources.yaml").write_text(text)
    return str(folder / "sources.yaml")


def _problems(folder: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SourcesError) as caught:
        sources.load(_written(folder, text), ENVIRONMENT if environment is None else environment, with_secrets=True)
    return str(caught.value)


def test_a_file_gives_instances_with_what_they_refer_to(folder: Path) -> None:
    """Receiver and translator read the same file, so what one closes the other opens."""
    path = _written(folder, WHOLE)
    stripe, zendesk = sources.load(path, ENVIRONMENT, with_secrets=True)
    rules = AccountRules(metadata_key="account", domains={"acme.example": "acme"})
    assert stripe.instance == Instance("stripe", "main", rules, {"livemode": True})
    assert ([secret.reveal() for secret in stripe.secrets], stripe.rate) == (["whsec_one", "whsec_two"], 200.0)
    assert (zendesk.instance.source, zendesk.secrets, zendesk.rate) == ("zendesk:emea", (), 100.0)
    sealed = stripe.keys.close("t", raw := Raw("main", "1", 1, {}, b"{}"), b"n" * 12)
    (again, _) = sources.load(path, {"OTHER": OTHER}, with_secrets=False)
    assert again.keys.open("t", sealed.value, sealed.headers) == raw
    assert sources.vendors(path) == ["stripe", "zendesk"]
    assert sources.vendors("") == []


def test_everything_wrong_is_said_at_once(folder: Path) -> None:
    """Whoever sets up a source should not have to start the receiver once per mistake."""
    said = _problems(
        folder,
        "a: {x: {secrets: [env:NONE, file:none, env:EMPTY, env:CX_GROUP], body_keys: [env:SHORT]}}\n"
        "b: {y: {body_keys: [env:KEY]}, z: {body_keys: [env:OTHER, env:KEY]}}\n",
        {**ENVIRONMENT, "EMPTY": "", "SHORT": "c2hvcnQ=", "CX_GROUP": "g"},
    )
    assert [line.partition(": ")[2] for line in said.splitlines()] == [
        "a.x.body_keys: a key is 32 bytes in base64, as `openssl rand -base64 32` prints.",
        "a.x.secrets: env:NONE is not set.",
        "a.x.secrets: file:none cannot be read: No such file or directory.",
        "a.x.secrets: env:EMPTY is empty.",
        "a.x.secrets: env:CX_GROUP: names that begin with CX_ are settings'; take another.",
        "b.z.body_keys: b.y has one of them too; each has keys of its own, to erase it alone.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stripe: {main: {}}", "stripe.main.body_keys: there is none"),
        ("stripe: {main: {body_keys: []}}", "stripe.main.body_keys: there is none"),
        ("stripe: {main: {body_keys: [env:KEY], rat: 1}}", "unknown field `rat`"),
        ("stripe: {main: {body_keys: [env:KEY], rate: 0}}", "> 0"),
        ("stripe: {main: {body_keys: [env:KEY], accounts: {domain: {}}}}", "unknown field `domain`"),
        ("stripe: {'../x': {body_keys: [env:KEY]}}", "matching regex"),
        ("Stripe: {main: {body_keys: [env:KEY]}}", "matching regex"),
        ("stripe: {main: {body_keys: [env:KEY]}, main: {body_keys: [env:OTHER]}}", "'main' stands twice"),
        ("", "the file is empty"),
    ],
)
def test_what_no_source_has_is_refused(folder: Path, text: str, said: str) -> None:
    """A typing error must not leave a default in force unseen, nor a name become a path or another topic."""
    assert said in _problems(folder, text)


@given(secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8))
def test_a_secret_that_stands_in_the_file_is_refused_and_not_repeated(
    secret: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The file is kept beside the code and errors are logged; neither may hold a secret."""
    said = _problems(
        tmp_path_factory.mktemp("file"), f"stripe: {{main: {{secrets: ['§{secret}'], body_keys: [env:KEY]}}}}"
    )
    assert "Name secrets as env:NAME or file:PATH." in said
    assert "§" not in said


def test_who_posts_events_needs_a_token_and_no_key(folder: Path) -> None:
    """Nothing of theirs is stored raw, and no topic is made for them."""
    path = _written(folder, WHOLE + 'events: {shop: {secrets: [env:T], options: {source: "shop:main"}}, crm: {}}\n')
    shop, crm = sources.senders(path, {**ENVIRONMENT, "T": "hush"})
    assert (shop.name, shop.source, shop.secrets[0].reveal(), crm.source) == ("shop", "shop:main", "hush", "events:crm")
    assert sources.vendors(path) == ["stripe", "zendesk"]
    assert len(sources.load(path, ENVIRONMENT, with_secrets=True)) == 2
    for wrong in ("events: {shop: {secrets: [env:T]}}", "events: {shop: {options: {sauce: x}}}"):
        with pytest.raises(SourcesError, match=r"events\.shop"):
            sources.senders(_written(folder, wrong), {})


def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    """The first thing that goes wrong is the setting."""
    with pytest.raises(SourcesError, match="CX_SOURCES names no file"):
        sources.load("", {}, with_secrets=False)
    with pytest.raises(SourcesError, match="cannot be read"):
        sources.load(str(tmp_path / "none"), {}, with_secrets=False)


def test_nothing_that_is_shown_of_a_source_holds_its_secrets(folder: Path) -> None:
    """Sources end in tracebacks like everything else."""
    shown = repr(sources.load(_written(folder, WHOLE), ENVIRONMENT, with_secrets=True))
    assert "whsec_" not in shown
    assert KEY not in shown
