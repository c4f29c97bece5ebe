"""What the pages say can be found, leads somewhere, and stands where it always stands."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.runbooks import pages
from tests.runbooks.shell import ROOT, Follower

_PAGES = pages.load()
_ALERTS = ROOT / "infra" / "compose" / "prometheus" / "alerts.yml"


@pytest.mark.parametrize("name", sorted(set(_PAGES) - {pages.INDEX}))
def test_a_page_answers_the_same_questions_in_the_same_order(name: str) -> None:
    """At night nobody reads: what it means for the customer, and what never to do, stand where they always stand."""
    page = _PAGES[name]
    assert tuple(each for each in page.headings if each in pages.SECTIONS) == pages.SECTIONS
    assert len(page.text.splitlines()) <= 120
    looks = [each for each in page.commands if each.section == "Look" and not each.assigned]
    assert len(looks) >= 3


def test_the_index_names_every_page_and_every_link_leads_somewhere() -> None:
    """A page that cannot be found, or a link into nothing, costs the minutes that count."""
    linked = re.findall(r"\]\(([^)#]+)\)", _PAGES[pages.INDEX].text)
    assert {f"{name}.md" for name in _PAGES} - {f"{pages.INDEX}.md"} <= set(linked)
    for page in _PAGES.values():
        for target in re.findall(r"\]\(([^)#]+)\)", page.text):
            assert (pages.FOLDER / target).exists(), f"{page.name} leads to {target}"


def test_every_alert_leads_to_its_page() -> None:
    """Who is woken has the alert's name and nothing else."""
    rules = yaml.safe_load(_ALERTS.read_text())["groups"][0]["rules"]
    named = {rule["alert"]: rule["annotations"]["runbook"].rpartition("/")[2] for rule in rules}
    assert dict(re.findall(r"^\| (Cx\w+) \| \[([^\]]+)\]", _PAGES[pages.INDEX].text, re.MULTILINE)) == named


def test_a_line_that_is_not_typed_fails() -> None:
    """The check of completeness is what the whole folder rests on."""
    page = pages.read("made-up", "## Do\n\n```console\ntrue\n# a remark\nNAME='a b'\nfalse \\\n  || true\n```\n")
    assert [each.text for each in page.commands] == ["true", "NAME='a b'", "false   || true"]
    assert [each.assigned for each in page.commands] == ["", "NAME", ""]
    with pytest.raises(AssertionError, match="no test runs"), Follower(page, None):  # type: ignore[arg-type] # it types nothing
        pass
