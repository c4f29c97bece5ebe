"""The table of `cx unresolved`, without servers: what it shows of a key, and how wide it is."""

import datetime as dt
import io

from rich.console import Console

from infra.cli import unresolved


def test_a_key_can_be_read_from_eighty_columns() -> None:
    """Somebody copies the key into `cx emit account_linked`; the days say how long it has waited."""
    first, last = dt.datetime(2026, 11, 2, tzinfo=dt.UTC), dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    waits = ("stripe:cus_NffrFeUfNV2Hib", "waiting", "", 1_234, ["cx.billing", "cx.reference"], first, last, None, "")
    linked = ("zendesk:4711", "linked", "acme", 7, ["cx.support"], first, last, last, "e1")
    screen = Console(file=io.StringIO(), width=80, soft_wrap=True)
    screen.print(unresolved._table([waits, linked]))
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = (each for each in lines if "stripe:cus_NffrFeUfNV2Hib" in each)
    for word in ("waits", "1,234", "billing", "2026-11-02"):
        assert word in line
    assert any("acme" in each for each in lines)
