"""The commands of `cx dead-letters`."""

import typer

from infra.cli.lazy import LazyGroup, examples, promise

app = typer.Typer(
    cls=LazyGroup,
    help="Records that could not be taken in: look at them, send them again after a fix, or put them away.",
    no_args_is_help=True,
    epilog=examples("cx dead-letters list", "cx dead-letters show cx.survey-0@17", "cx dead-letters redrive"),
)

_COMMANDS = (
    (
        "list",
        "infra.cli.dead_letters:list_",
        (
            "cx dead-letters list",
            "cx dead-letters list --by hour --since 2026-11-22T00:00:00Z",
            "cx dead-letters list --reason malformed --by account --format csv",
        ),
    ),
    (
        "show",
        "infra.cli.dead_letters:show",
        ("cx dead-letters show cx.survey 0 17", "cx dead-letters show cx.survey-0@17 --format json"),
    ),
    (
        "redrive",
        "infra.cli.letters_acting:redrive",
        (
            "cx dead-letters redrive",
            "cx dead-letters redrive --reason malformed --since 2026-11-22T00:00:00Z --yes",
            "cx dead-letters redrive cx.survey-0@17 --all --yes",
        ),
    ),
    (
        "discard",
        "infra.cli.letters_acting:discard",
        (
            "cx dead-letters discard cx.survey-0@17 --why 'sent by a load test'",
            "cx dead-letters discard --reason empty_value --why 'tombstones of the old exporter' --yes",
        ),
    ),
    (
        "export",
        "infra.cli.letters_acting:export",
        ("cx dead-letters export --reason malformed --out letters.jsonl", "cx dead-letters export --status any"),
    ),
)

promise(app, _COMMANDS)
