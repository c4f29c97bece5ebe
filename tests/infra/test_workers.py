"""What a worker is called, and where it answers."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import workers
from infra.settings import Settings


@given(places=st.sets(st.tuples(st.sampled_from(["a", "b", "c/d", "ü x"]), st.integers(1, 16)), min_size=2))
def test_two_workers_never_share_a_name(places: set[tuple[str, int]]) -> None:
    """Two live workers of one name stop each other, one after the other, for ever."""
    names = {workers.stable_name(Settings(data_dir=Path(place)), number) for place, number in places}
    assert len(names) == len(places)


def test_a_name_is_the_same_after_a_restart_however_the_folder_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The successor of a killed worker is let in at once by its name; a relative path must not change it."""
    told = Settings(data_dir=tmp_path)
    monkeypatch.chdir(tmp_path.parent)
    assert workers.stable_name(told, 1) == workers.stable_name(
        msgspec.structs.replace(told, data_dir=Path(tmp_path.name)), 1
    )


def test_a_host_s_name_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka takes letters, digits, dots, underscores and hyphens, 249 of them."""
    monkeypatch.setattr("socket.gethostname", lambda: "Bürö №7 " * 100)
    name = workers.stable_name(Settings(), 1)
    assert len(name) < 249
    assert workers._NOT_IN_A_NAME.search(name) is None


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (b"", "it logged nothing"),
        (b"first\n\nlast\n \n", "last"),
        (b"last\n\x1b[?25h\n", "last"),
        (b"\x1b[31mred\x1b[0m \x07\x9bbell\r\n", "red \ufffdbell"),
        (b"x" * 200_000 + b"\nlast", "last"),
    ],
)
def test_a_last_line_is_one_that_says_something(tmp_path: Path, log: bytes, said: str) -> None:
    """It is shown in `status`; what a log holds must neither hide it nor act on the terminal."""
    (tmp_path / "worker.log").write_bytes(log)
    assert workers.last_line(tmp_path / "worker.log") == said
    assert workers.last_line(tmp_path / "none.log") == "it left no log"
