"""No scenario is left out where they are spread over modules of tests."""

from pathlib import Path

from tests.faults import short_forms, suite


def test_every_scenario_is_in_one_group() -> None:
    """A new module of scenarios that no group has would be run in no test, and nobody would miss it."""
    grouped = [each.name for scenarios in short_forms.GROUPS.values() for each in scenarios]
    assert sorted(grouped) == sorted(each.name for each in suite.SCENARIOS)


def test_every_group_has_its_module_of_tests() -> None:
    """And no module runs another one's group instead of its own."""
    modules = {file.stem.removeprefix("test_short_"): file for file in Path(__file__).parent.glob("test_short_*.py")}
    assert modules.keys() == short_forms.GROUPS.keys()
    for group, file in modules.items():
        assert f'short_forms.of("{group}")' in file.read_text("utf-8")


def test_what_is_long_is_a_scenario() -> None:
    """A mistyped name would make a scenario of minutes part of `make test`."""
    assert {each.name for each in suite.SCENARIOS} >= short_forms.LONG
