"""Brings all that is rendered from the contract up to date: Python of the core, and pages of docs.

`python -m schemas --write` writes what is out of date, `--check` ends with status 1 where anything is.
"""

import sys

from schemas import fields, structs


def main(arguments: list[str]) -> int:
    return max(structs.main(arguments), fields.main(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
