"""Commands that are imported when somebody asks for them: no command pays for the clients of another one."""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Iterable

Entry = tuple[str, str, tuple[str, ...]]
"""A command's name, its place as ``module:function``, and examples."""


class _Unconverted:
    """Takes values as they are where nothing is to convert: a converter imports pydantic, as long as all else takes."""

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = param.type_descriptor.annotation
        if isinstance(kind, type) and isinstance(value, kind):
            return value
        param._runtime_param = None  # noqa: SLF001 - Typer makes one at the next question
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


class Command(TyperCommand):
    """A command that converts only what needs it."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _unconverted(super().get_params(ctx))


def _unconverted(params: list[Any]) -> list[Any]:
    for each in params:
        each._runtime_param = _Unconverted()  # noqa: SLF001 - so each remains until something is to convert
    return params


class Promised(TyperCommand):
    """A command of which only the name and the place are known."""

    place: str
    shown: str

    def load(self) -> Any:
        """Import the command."""
        module, _, function = self.place.partition(":")
        whole = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        try:
            whole.command(self.name, cls=Command, epilog=self.shown)(getattr(import_module(module), function))
        except KeyboardInterrupt:  # Ctrl-C while all is still being loaded: nothing was done, nothing is to be said
            raise SystemExit(130) from None
        return get_command(whole)

    def describe(self) -> None:
        """Read the help from the command's source, which is not run."""
        module, _, function = self.place.partition(":")
        spec = find_spec(module)
        source = spec.loader.get_source(module) if spec else ""  # type: ignore[union-attr] # ours are files of source
        for part in ast.parse(source or "").body:
            if isinstance(part, ast.FunctionDef) and part.name == function:
                self.help = ast.get_docstring(part)


class LazyGroup(TyperGroup):
    """A group that lists and describes its commands without importing them."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _unconverted(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        return name, found.load() if isinstance(found, Promised) else found, rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._describe()
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self._describe()
        return super().shell_complete(ctx, incomplete)

    def _describe(self) -> None:
        for command in self.commands.values():
            if isinstance(command, Promised):
                command.describe()


def examples(*lines: str) -> str:
    """Return the examples at the end of a command's help."""
    return "Examples:  " + "   ·   ".join(f"[cyan]{escape(line)}[/cyan]" for line in lines)


def promise(app: typer.Typer, entries: Iterable[Entry]) -> None:
    """Add commands to an app whose class is LazyGroup."""
    for name, place, shown in entries:
        known = type("Known", (Promised,), {"place": place, "shown": examples(*shown)})
        app.command(name, cls=known)(_later)


def _later() -> None:
    """Stand where the function of a command will be."""
