"""Where rejects go: beside what is there, never over it."""

import stat
from pathlib import Path

import pytest

from streams.ingest.reader import FileError
from streams.ingest.rejects import Rejects, require_rejects
from streams.ingest.translate import Rejected


def _written(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    with Rejects(path, ["A", "B"], encoding, delimiter) as rejects:
        rejects.write(Rejected(2, "A: empty, for \u2018once\u2019", ("x", "y")))
    return path


@pytest.mark.parametrize(
    "content", [b"", b"A,B\n1,2\n", b"source: shop\n", b"_line\n", b"x_line,_reason\n", b"\xff\xfe\x00\x00"]
)
def test_a_file_that_is_no_file_of_rejects_stays(tmp_path: Path, content: bytes) -> None:
    """Given `--rejects` with the name of anything else, then it is refused and left as it is."""
    path = tmp_path / "precious.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match="exists and is no file of rejects, so it is left alone"):
        require_rejects(path, ())
    assert path.read_bytes() == content


def test_the_files_of_the_import_itself_stay(tmp_path: Path) -> None:
    """Given a file of rejects that is imported into a file of rejects of the same name, by whatever path."""
    path = _written(tmp_path / "rows.rejects.csv")
    (tmp_path / "sub").mkdir()
    with pytest.raises(FileError, match="is a file of this import itself"):
        require_rejects(tmp_path / "sub" / ".." / path.name, (tmp_path / "mapping.yaml", path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_earlier_file_of_rejects_makes_room(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Given rejects of the import before, in whatever encoding, then they are replaced by those of this one."""
    path = _written(tmp_path / "rejects.csv", encoding, delimiter)
    require_rejects(path, (tmp_path / "rows.csv",))
    require_rejects(tmp_path / "none.csv", ())
    with Rejects(path, ["A"], encoding, delimiter):
        assert not path.exists()


def test_a_link_or_a_folder_is_no_file_of_rejects(tmp_path: Path) -> None:
    """Given a link, then what it points to is neither removed nor written, also where it points nowhere."""
    target = _written(tmp_path / "other.csv")
    link, dangling = tmp_path / "link.csv", tmp_path / "dangling.csv"
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "nowhere.csv")
    for path in (link, dangling, tmp_path):
        with pytest.raises(FileError):
            require_rejects(path, ())


def test_rejects_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Rejected rows are customers' rows: names, addresses, words."""
    assert stat.S_IMODE(_written(tmp_path / "rejects.csv").stat().st_mode) == 0o600


def test_nobody_gets_in_between(tmp_path: Path) -> None:
    """Given a link that somebody else makes after the look, then nothing is written through it."""
    path = tmp_path / "rejects.csv"
    with Rejects(path, ["A"], "utf-8", ",") as rejects:
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileError, match="File exists"):
            rejects.write(Rejected(2, "bad", ("x",)))
    assert not (tmp_path / "elsewhere").exists()
