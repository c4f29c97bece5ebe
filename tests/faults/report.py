"""Rows as a table, on the terminal and in docs/reliability.md."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.faults import suite

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEADER = (
    "| # | promise | fault | faults | events | lost | duplicated | wrong | recovery s, median / worst | drained s |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
_NAMES = {"at_least_once": "Faust, at least once", "exactly_once": "Faust, exactly once"}


def clean(row: dict[str, Any]) -> bool:
    return not (row["lost"] or row["duplicated"] or row["wrong"] or row["failures"])


def line(row: dict[str, Any]) -> str:
    """Return a row in words, with what went wrong."""
    said = f"{row['scenario']}: {sum(row['faults'].values())} faults, {row['acknowledged']} events, lost {row['lost']},"
    said += f" duplicated {row['duplicated']}, wrong {row['wrong']}, {row['took']} s"
    figures = [f"{name} {value}" for name, value in row["figures"].items()]
    return "\n  ".join([said, *figures, *row["failures"]])


def _figures(row: dict[str, Any]) -> str:
    return f"{row['acknowledged']:,} | {row['lost']:,} | {row['duplicated']:,} | {row['wrong']:,}"


def _lines(row: dict[str, Any]) -> list[str]:
    scenario = next(each for each in suite.SCENARIOS if each.name == row["scenario"])
    middle, worst = row["recovery_median"], row["recovery_worst"]
    recovery = "" if middle is None else f"{middle} / {worst}"
    faults = sum(row["faults"].values())
    broken = "" if not row["failures"] else " **failed**"
    first = f"| {scenario.name} | {scenario.promise}{broken} | {scenario.fault} | {faults} | {_figures(row)}"
    lines = [f"{first} | {recovery} | {row['drained']} |"]
    lines += [
        f"| | {_NAMES[name]} | the same | {faults} | {_figures(each)} | | |" for name, each in row["control"].items()
    ]
    return lines


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table in the suite's order, the control group below each."""
    order = [each.name for each in suite.SCENARIOS]
    known = sorted((row for row in rows if row["scenario"] in order), key=lambda row: order.index(row["scenario"]))
    return "\n".join([HEADER, *(each for row in known for each in _lines(row))])


def document(path: Path, rows: list[dict[str, Any]], size: str, seed: int) -> None:
    """Put the table between the marks of a document, with what printed it."""
    text = path.read_text()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    dates, codes = sorted({row["at"][:10] for row in rows}), sorted({row["version"] for row in rows})
    versions = ", ".join(f"{name} {version(name)}" for name in ("confluent-kafka", "faust-streaming", "chdb-core"))
    told = (
        f"`python -m tests.faults --seed {seed} --volume {size}`, {' to '.join(dict.fromkeys((dates[0], dates[-1])))};"
        f" code {', '.join(codes)}; {versions}; {sum(row['took'] for row in rows)} s in all."
    )
    path.write_text(f"{before}{BEGIN}\n\n{told}\n\n{table(rows)}\n\n{END}{after}")
