from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import deployment
from infra.deployment import NotRunning, Record
from infra.embedded import passwords
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, USERS, WRITER
from infra.secret import Secret
from infra.settings import Settings, from_environment

_SECRETS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=9).map(Secret)


@given(
    st.builds(
        Settings,
        stack=st.sampled_from(["auto", "external"]),
        data_dir=st.sampled_from([Path(".cx"), Path("/var/lib/cx")]),
        partitions=st.integers(1, 64),
        clickhouse_secure=st.booleans(),
        clickhouse_password=_SECRETS,
        webhook_secret=_SECRETS,
        dead_share=st.floats(0.01, 1),
    )
)
def test_settings_survive_the_way_through_an_environment(settings: Settings) -> None:
    """Workers are given their settings as an environment: what they read must be what was meant."""
    assert from_environment(deployment.environment(settings)) == settings


def test_without_a_running_pipeline_there_is_nothing_to_name(tmp_path: Path) -> None:
    """The sentence must say what to do, because this is what a newcomer meets first."""
    with pytest.raises(NotRunning, match="start it with `cx up`, or set CX_STACK=external"):
        deployment.locate(Settings(data_dir=tmp_path))


def test_a_record_of_servers_that_are_gone_does_not_count(tmp_path: Path) -> None:
    """A power cut leaves the record behind; it must neither block the next start nor name dead servers."""
    settings = Settings(data_dir=tmp_path)
    text = b'{"kind": "embedded", "bootstrap": "127.0.0.1:1", "host": "127.0.0.1", "port": 2, "http_port": 3}'
    (tmp_path / "stack.json").write_bytes(text)
    assert deployment.recorded(settings) is None
    (tmp_path / "stack.json").write_bytes(b"{")
    assert deployment.recorded(settings) is None


def test_one_server_that_runs_is_named_with_the_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At night "nothing runs" over one dead server reads as if all were lost; commands must go on and name it."""
    settings = Settings(data_dir=tmp_path)
    text = b'{"kind": "embedded", "bootstrap": "127.0.0.1:1", "host": "127.0.0.1", "port": 2, "http_port": 3}'
    (tmp_path / "stack.json").write_bytes(text)
    monkeypatch.setattr(deployment.kafka, "running", lambda _: object())
    assert deployment.locate(settings).clickhouse_port == 2
    assert deployment.recorded(settings) is None, "an incomplete pipeline can be started"


def test_a_record_names_servers_and_local_users(tmp_path: Path) -> None:
    """Commands of another terminal reach the servers with the users and passwords that local servers are made with."""
    kept = passwords.settle(tmp_path / "clickhouse", dict.fromkeys(USERS, ""))
    record = Record(kind="docker", bootstrap="127.0.0.1:1", host="127.0.0.1", port=2, http_port=3)
    here = deployment.on_record(Settings(data_dir=tmp_path), record)
    assert (here.stack, here.kafka_bootstrap, here.clickhouse_port) == ("external", "127.0.0.1:1", 2)
    assert (here.clickhouse_user, here.clickhouse_password.reveal()) == (ADMINISTRATOR, kept[ADMINISTRATOR])
    assert (here.bi_user, here.bi_password.reveal()) == (BI_READER, kept[BI_READER])
    writer = deployment.as_writer(here)
    assert (writer.clickhouse_user, writer.clickhouse_password.reveal()) == (WRITER, kept[WRITER])
    assert not any((writer.bi_password, writer.verbatim_password, writer.pay_password)), "a worker needs no other login"
