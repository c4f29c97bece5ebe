"""One pipeline for all pages that leave it as they found it: well."""

from collections.abc import Iterator

import pytest

from tests.runbooks.house import House, response, yesterday


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running pipeline of the sources under test; its worker has taken something in."""
    made = House(tmp_path_factory.mktemp("house"))
    try:
        made.up()
        made.send([("response_submitted", response(999_999, "first", yesterday(7), nps=9))])
        made.settle()
        yield made
    finally:
        made.close()
