"""``python -m infra.cli`` is ``cx``."""

from infra.cli.app import main

main()
