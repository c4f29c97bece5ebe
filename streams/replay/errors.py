"""The two ways in which a replay does not happen; each message is one sentence that names the remedy."""


class PlanError(Exception):
    """Refuse what cannot be planned, or a plan that cannot be followed. Nothing was changed."""


class ReplayStoppedError(Exception):
    """A replay ended before its end. What it has done stays, and running the same plan again goes on from there."""
