"""The options that choose letters are declared once; a field of them that no option fills would choose too much."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from infra.cli.letter_options import takes_options
from infra.letters.choosing import Asked

_TYPED = {name: f"the {name}" for name in Asked.__struct_fields__ if name != "place"}
_WORDS = [word for name, value in _TYPED.items() for word in (f"--{name}", value)]


def _said(words: list[str], *, place: bool) -> tuple[Asked, str]:
    heard: list[tuple[Asked, str]] = []
    app = typer.Typer()

    @app.command()
    @takes_options(place=place)
    def command(asked: Asked, own: Annotated[str, typer.Option()] = "as it is") -> None:
        heard.append((asked, own))

    done = CliRunner().invoke(app, words)
    if done.exit_code:
        raise ValueError(done.output)
    return heard[0]


def test_every_option_says_what_was_typed() -> None:
    """Whatever is forgotten here would be redriven or discarded beside what was meant."""
    assert _said([], place=True) == (Asked(), "as it is")
    assert _said(_WORDS, place=False) == (Asked(**_TYPED), "as it is")
    wanted = Asked(**_TYPED, place=("t", "0", "17"))
    assert _said(["t", "0", "17", *_WORDS, "--own", "mine"], place=True) == (wanted, "mine")


def test_a_command_for_many_letters_takes_no_place() -> None:
    """A place that was passed over in silence would list all letters as if it had been meant."""
    with pytest.raises(ValueError, match="unexpected extra argument"):
        _said(["cx.survey-0@17"], place=False)
