"""Give commands the options that say which dead letters are meant: declared once, as arguments of `asked`."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

from infra.letters.choosing import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

Own = ParamSpec("Own")
Place = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TOPIC PARTITION OFFSET]", help="One letter; also TOPIC-PARTITION@OFFSET."),
]


def asked(
    place: Place = None,
    reason: Annotated[str, typer.Option(help="Only letters refused for this reason.")] = "",
    topic: Annotated[str, typer.Option(help="Only letters of this topic, with or without prefix.")] = "",
    account: Annotated[str, typer.Option(help="Only letters with this key.")] = "",
    source: Annotated[str, typer.Option(help="Only letters of this sender, as far as their bytes name it.")] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Only records stored then or later: ISO 8601 with offset.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Only records stored before: ISO 8601 with offset.")] = "",
) -> Asked:
    """Return the options as they were typed."""
    return Asked(
        reason=reason,
        topic=topic,
        account=account,
        source=source,
        since=since,
        until=until,
        place=tuple(place or ()),
    )


def takes_options(*, place: bool) -> Callable[[Callable[Concatenate[Asked, Own], None]], Callable[..., None]]:
    """Let a command take the options of `asked` before its own, and hand it what they say; `place` names one letter."""
    known = inspect.signature(asked, eval_str=True).parameters
    common = [each for each in known.values() if place or each.name != "place"]

    def with_options(command: Callable[Concatenate[Asked, Own], None]) -> Callable[..., None]:
        _, *own = inspect.signature(command, eval_str=True).parameters.values()

        @wraps(command)
        def called(**options: Any) -> None:
            command(asked(**{each.name: options.pop(each.name) for each in common}), **options)  # type: ignore[call-arg]

        taken = [*common, *own]
        called.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in taken}
        return called

    return with_options
