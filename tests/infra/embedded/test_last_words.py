"""Servers explain themselves in pages of log; whoever starts them is owed one sentence."""

from pathlib import Path

import pytest

from infra.embedded.errors import PortTakenError
from infra.embedded.last_words import explain


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("java.io.IOException: No space left on device\n\tat x.Y\n", "not enough disk space for Kafka below "),
        ("Code: 243. DB::Exception: Cannot reserve 1 MiB (NOT_ENOUGH_SPACE)", "not enough disk space for Kafka below "),
        ("KafkaException: Failed to acquire lock on file .lock", "is in use by another Kafka"),
        ("Code: 76. DB::Exception: Cannot lock file /x/status", "is in use by another Kafka"),
        ("Error occurred during initialization of VM\nCould not reserve enough space", "not enough memory for Kafka"),
        ("INFO fine\nERROR the reason\nERROR what followed\n", "Kafka did not start: ERROR the reason (its log is "),
        ("INFO fine\nlast line\n\n", "Kafka did not start: last line (its log is "),
        ("", "Kafka did not start: it said nothing (its log is "),
        ("ERROR " + "x" * 5000, "x (its log is "),
    ],
)
def test_a_log_becomes_one_sentence(tmp_path: Path, log: str, sentence: str) -> None:
    """The known causes by name, all others by the line that came first."""
    written = tmp_path / "log"
    written.write_text(log)
    said = str(explain("Kafka", written, tmp_path))
    assert sentence in said
    assert "\n" not in said
    assert len(said) < 600


def test_a_lost_race_for_a_port_can_be_told_from_the_rest(tmp_path: Path) -> None:
    """Ports are picked a moment before they are used: the launcher tries others when one was lost."""
    (tmp_path / "log").write_text("java.net.BindException: Address already in use")
    assert isinstance(explain("Kafka", tmp_path / "log", tmp_path), PortTakenError)
