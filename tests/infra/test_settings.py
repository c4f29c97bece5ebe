from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import settings_doc
from infra.secret import Secret
from infra.settings import Settings, SettingsError, from_environment

_ROOT = Path(__file__).parents[2]


def _problems(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        from_environment(environment)
    return caught.value.problems


def test_nothing_set_is_a_working_local_deployment() -> None:
    """`make up` on a fresh machine has no environment to read, so the defaults must be valid together."""
    assert from_environment({"PATH": "/bin"}) == Settings()


def test_every_problem_is_reported_in_one_go() -> None:
    """Whoever sets up a deployment should not have to start it once per mistake."""
    problems = _problems(CX_STACK="moon", CX_PARTITIONS="0", CX_BATCH_MS="soon", CX_TIME_ZONE="Mars/Olympus")
    assert [line.split(":")[0] for line in problems] == [
        "CX_STACK",
        "CX_PARTITIONS",
        "CX_BATCH_MS",
        "CX_TIME_ZONE",
    ]


def test_a_band_of_portfolios_has_room() -> None:
    """With the least above the most, every manager would be outside, and nobody would know why."""
    assert [line.split(":")[0] for line in _problems(CX_PORTFOLIO_LEAST="21")] == ["CX_PORTFOLIO_LEAST"]
    assert from_environment({"CX_PORTFOLIO_LEAST": "5", "CX_PORTFOLIO_MOST": "5"}).portfolio_most == 5


def test_a_mistyped_name_is_an_error_with_a_hint() -> None:
    """A typing error that is silently ignored leaves a default in force that nobody chose."""
    assert _problems(CX_GRUOP="x") == ["CX_GRUOP is no setting: is CX_GROUP meant?"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8))
def test_no_secret_shows_itself(secret: str) -> None:
    """Settings are printed by `cx status` and in tracebacks: no text made of them may hold a password."""
    settings = from_environment({"CX_KAFKA_PASSWORD": "§" + secret, "CX_CLICKHOUSE_PASSWORD": "§" + secret})
    assert settings.kafka_password.reveal() == "§" + secret
    assert "§" not in f"{settings} {settings!r} {settings.kafka_password} {dict(settings.__rich_repr__())}"


def test_a_wrong_secret_is_not_quoted_in_the_error(tmp_path: Path) -> None:
    """Errors are logged as well: both ways to give one secret is a mistake, neither value may show."""
    file = tmp_path / "password"
    file.write_text("hidden-1\n")
    problems = _problems(CX_BI_PASSWORD="hidden-2", CX_BI_PASSWORD_FILE=str(file))
    assert problems == ["CX_BI_PASSWORD and CX_BI_PASSWORD_FILE are both set: give one of them."]


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    """Orchestrators mount secrets as files, mostly with a line end that is no part of them."""
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    assert from_environment({"CX_BI_PASSWORD_FILE": str(file)}).bi_password == Secret("s3cret")


@pytest.mark.parametrize(
    ("environment", "refused"),
    [
        ({"CX_KAFKA_BOOTSTRAP": "127.0.0.1:1"}, False),
        ({"CX_KAFKA_BOOTSTRAP": "127.0.0.1:1,kafka.example:9092"}, True),
        ({"CX_KAFKA_BOOTSTRAP": "kafka.example:9092", "CX_KAFKA_SECURITY": "SASL_SSL"}, False),
    ],
)
def test_broker_credentials_never_leave_the_machine_in_plain_text(environment: dict[str, str], refused: bool) -> None:
    """One broker of the list off loopback is enough: the client may talk to any of them."""
    base = {"CX_KAFKA_SECURITY": "SASL_PLAINTEXT", "CX_KAFKA_USER": "u", "CX_KAFKA_PASSWORD": "p"}
    if refused:
        assert len(_problems(**(base | environment))) == 1
    else:
        from_environment(base | environment)


@pytest.mark.parametrize("address", ["", "kafka", "kafka:", ":9092", "kafka:http", "kafka:99999", "a:1,,b:2"])
def test_broker_addresses_have_a_host_and_a_port(address: str) -> None:
    """Left to the clients, a missing port shows as a time-out minutes later."""
    assert _problems(CX_KAFKA_BOOTSTRAP=address) == [
        "CX_KAFKA_BOOTSTRAP: give host:port, several of them separated by commas."
    ]


def test_clickhouse_password_off_loopback_needs_tls() -> None:
    """The native protocol sends the password as it is."""
    remote = {"CX_CLICKHOUSE_HOST": "db.example", "CX_CLICKHOUSE_PASSWORD": "p"}
    assert len(_problems(**remote)) == 1
    from_environment(remote | {"CX_CLICKHOUSE_SECURE": "true"})


def test_the_settings_page_is_in_step() -> None:
    """docs/settings.md is what an operator reads: every setting, its values, default and sentence."""
    assert (_ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_doc.render()
    assert all(sentence.endswith(".") for *_, sentence in settings_doc.describe())


@pytest.mark.intrusion("S4")
@pytest.mark.parametrize("secret", ["whsec_abc", "whsec_", "whsec_!!!!", "whsec_YQ", "whsec_ YQ=="])
def test_a_key_that_cannot_sign_is_found_at_the_start(secret: str) -> None:
    """Each signal would fail later, and `whsec_` alone is an empty key."""
    (problem,) = _problems(CX_WEBHOOK_URL="https://hooks.example/x", CX_WEBHOOK_SECRET=secret)
    assert problem.startswith("CX_WEBHOOK_SECRET: ")
    assert "abc" not in problem


@pytest.mark.intrusion("S13")
def test_signals_are_never_sent_unsigned() -> None:
    """A receiver that takes unsigned signals takes anybody's."""
    for secret in ({}, {"CX_WEBHOOK_SECRET": ""}):
        (problem,) = _problems(CX_WEBHOOK_URL="https://hooks.example/x", **secret)
        assert problem.startswith("CX_WEBHOOK_SECRET is needed")


@pytest.mark.intrusion("S13")
@pytest.mark.parametrize("url", ["file:///etc/passwd", "hooks.example/tok-en", "gopher://hooks.example", "://x"])
def test_an_address_of_another_kind_is_refused_and_not_repeated(url: str) -> None:
    """It may hold a token."""
    (problem,) = _problems(CX_WEBHOOK_URL=url, CX_WEBHOOK_SECRET="key")
    assert problem.startswith("CX_WEBHOOK_URL: ")
    assert url not in problem


@pytest.mark.intrusion("S13")
def test_the_address_of_the_receiver_shows_itself_as_little_as_a_password() -> None:
    """Slack and others take whoever knows the address."""
    settings = from_environment({"CX_WEBHOOK_URL": "https://hooks.example/tok-en", "CX_WEBHOOK_SECRET": "key"})
    assert settings.webhook_url.reveal() == "https://hooks.example/tok-en"
    assert "tok-en" not in f"{settings} {settings!r} {dict(settings.__rich_repr__())}"


@pytest.mark.intrusion("S12")
@pytest.mark.parametrize("name", ["system", "information_schema", "default", "cx_meta", "cx_g1", "shop_g2_old", "a_g9"])
def test_a_database_of_somebody_else_s_is_refused(name: str) -> None:
    """Its writer would be granted what is not its own."""
    (problem,) = _problems(CX_DATABASE=name)
    assert problem.startswith(f"CX_DATABASE: {name} ")
