"""Brings all that is rendered from the contract up to date: Python of the core, and pages of docs.

`python -m schemas --write` writes what is out of date, `--check` ends with status 1 where anything is.
`python -m schemas typescript FOLDER` and `java FOLDER [PACKAGE]` write type definitions of the events for others.
"""

import sys
from pathlib import Path

from schemas import fields, structs
from schemas.typings import java, model, typescript

USAGE = "usage: python -m schemas --write | --check | typescript FOLDER | java FOLDER [PACKAGE]\n"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--write"] | ["--check"]:
            return max(structs.main(arguments), fields.main(arguments))
        case ["typescript", folder]:
            return _write(Path(folder), typescript.render(model.contract()))
        case ["java", folder]:
            return _write(Path(folder), java.render(model.contract()))
        case ["java", folder, package]:
            try:
                return _write(Path(folder), java.render(model.contract(), package))
            except ValueError as error:
                sys.stderr.write(f"{error}\n")
                return 2
        case _:
            sys.stderr.write(USAGE)
            return 2


def _write(folder: Path, texts: dict[Path, str]) -> int:
    """Write files into a folder, which is made where there is none, and say how many; other files there stay."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(texts)} files in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
