"""The command line `cx`."""

try:
    from infra.cli.app import app, main
except KeyboardInterrupt:  # Ctrl-C while all is still being loaded: nothing was done, nothing is to be said
    raise SystemExit(130) from None

__all__ = ["app", "main"]
