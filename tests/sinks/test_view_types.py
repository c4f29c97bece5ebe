"""Kept types of views: what they follow from is in their mark, and whatever is not known is asked for."""

from functools import partial

import msgspec
import pytest

from sinks import view_types
from sinks.settings import Warehouse
from sinks.tables import Column
from sinks.view_types import FILE, OTHERS, asked, known, mark, rendered
from sinks.views import View, load

_SERVER = tuple(map(int, view_types._kept().server.split(".")))
_NAMED = {view.name: view for view in load()}
_READER = View("reader", "What it says", (Column("n", "", "Rows"),), "SELECT count() AS n FROM ${cx}.nps")


def _change(monkeypatch: pytest.MonkeyPatch, changed: View) -> None:
    monkeypatch.setattr(view_types, "_named", lambda: {**_NAMED, changed.name: changed})
    mark.cache_clear()


@pytest.fixture(autouse=True)
def _marks_of_this_code() -> None:
    mark.cache_clear()


def test_most_types_are_known() -> None:
    """Views change one by one, each is then asked for at every start, and nobody would notice the last of them."""
    unknown = [view.name for view in asked() if known(view, Warehouse(), _SERVER) is None]
    assert len(unknown) < len(asked()) / 4, f"`python -m infra.view_types` writes {FILE} anew; asked for: {unknown}"


def test_another_server_is_asked() -> None:
    """It may give the same SELECT other types."""
    (first, *_) = (view for view in asked() if known(view, Warehouse(), _SERVER))
    assert known(first, Warehouse(), (*_SERVER[:-1], _SERVER[-1] + 1)) is None


def test_a_mark_is_of_all_that_types_follow_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept type that outlives a change would convert figures without a word."""
    before = mark(_READER)
    assert before
    assert mark(msgspec.structs.replace(_READER, comment="Said otherwise")) == before
    assert mark(msgspec.structs.replace(_READER, select=_READER.select.replace("count()", "sum(n)"))) != before
    assert mark(msgspec.structs.replace(_READER, columns=(Column("m", "", "Rows"),))) != before
    response = _NAMED["response"]
    narrower = [Column(c.name, "UInt8", c.comment) if c.name == "nps" else c for c in response.columns]
    _change(monkeypatch, msgspec.structs.replace(response, columns=tuple(narrower)))
    assert mark(_READER) != before, "the type of a column of a table, some views beneath"


def test_views_of_tables_without_values_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What those tables have is said in statements alone, and so no mark would move with it; nor above them."""
    nps = _NAMED["nps"]
    aside = msgspec.structs.replace(nps, select=f"{nps.select} LIMIT (SELECT count() FROM ${{meta}}.promotion)")
    _change(monkeypatch, aside)
    assert mark(aside) == mark(_READER) == ""


def _given(kinds: dict[Warehouse, str], view: View, warehouse: Warehouse) -> list[Column]:
    return [msgspec.structs.replace(column, type=kinds[warehouse]) for column in view.columns]


def test_types_that_follow_from_settings_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of a setting is as wide as it has to be: what fits the usual one would cut others off."""
    monkeypatch.setattr(view_types, "asked", lambda: [_READER])
    usual, far, near = Warehouse(), *OTHERS
    same = rendered(_SERVER, partial(_given, {usual: "UInt64", far: "UInt64", near: "UInt64"}))
    assert msgspec.json.decode(same)["views"] == {"reader": [mark(_READER), "UInt64"]}
    for other in ({usual: "UInt8"}, {far: "UInt64"}, {near: "UInt64"}):
        wide = {usual: "UInt16", far: "UInt16", near: "UInt16"} | other
        assert msgspec.json.decode(rendered(_SERVER, partial(_given, wide)))["views"] == {}


def test_the_zone_of_a_type_is_the_deployments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moments in the company's zone would be shown in that of whoever wrote the file."""
    monkeypatch.setattr(view_types, "asked", lambda: [_READER])
    zoned = {each: f"DateTime64(6, '{each.time_zone}')" for each in (Warehouse(), *OTHERS)}
    written = rendered(_SERVER, partial(_given, zoned))
    monkeypatch.setattr(view_types, "_kept", lambda: msgspec.json.decode(written, type=view_types._Known))
    found = known(_READER, Warehouse(time_zone="Europe/Rome"), _SERVER)
    assert found is not None
    assert [column.type for column in found] == ["DateTime64(6, 'Europe/Rome')"]
