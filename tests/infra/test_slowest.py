"""The list of the slowest tests is read before something is made faster."""

from pathlib import Path

import pytest

from tests.support import slowest

_REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_one" name="test_quick" time="0.5"/>
<testcase classname="tests.a.test_one" name="test_ends_badly" time="2"><failure message="no"/></testcase>
<testcase classname="tests.a.test_one" name="test_ends_badly" time="3"><error message="nor this"/></testcase>
<testcase classname="tests.b.test_two" name="test_slow[x]" time="4"/>
</testsuite></testsuites>"""


def test_tests_and_files_stand_by_their_time(tmp_path: Path) -> None:
    """A test that failed twice counts once, with all its time; a file counts as the sum of its tests."""
    report = tmp_path / "tests.xml"
    report.write_text(_REPORT)
    assert list(slowest.listed(slowest.times(report))) == [
        "Slowest tests",
        "     5.0 s  tests.a.test_one::test_ends_badly",
        "     4.0 s  tests.b.test_two::test_slow[x]",
        "     0.5 s  tests.a.test_one::test_quick",
        "Slowest files",
        "     5.5 s  tests.a.test_one (2 tests)",
        "     4.0 s  tests.b.test_two (1 tests)",
    ]


def test_without_a_run_it_is_said_what_makes_one(tmp_path: Path) -> None:
    """The first thing that a newcomer types ends in a sentence."""
    with pytest.raises(SystemExit, match="`make test` writes it"):
        slowest.main([str(tmp_path / "none.xml")])
