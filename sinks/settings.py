"""What the tables and views of one deployment depend on."""

from typing import Literal

import msgspec

_WEEK_MODES = {"monday": 1, "sunday": 0}
_END_OF_DAYS = "toDateTime64('2149-01-01 00:00:00', 6, 'UTC')"
"""Where days end: later instants are admitted, but days that far ahead would come out in 1970 and after."""


class Warehouse(msgspec.Struct, frozen=True):
    """Names, calendar and defaults of one deployment's tables and views.

    Field names are those of the deployment's settings, so ``msgspec.convert(settings, Warehouse,
    from_attributes=True)`` takes them over.
    """

    database: str = "cx"
    """Database of the views; the tables are in ``<database>_g1`` and so on, the promotions in ``<database>_meta``."""
    time_zone: str = "UTC"
    """IANA zone whose days, weeks and months windows follow."""
    week_start: Literal["monday", "sunday"] = "monday"
    response_window_days: int = 14
    """Days that an invitation may be answered in, until a response_window_days policy says otherwise."""
    low_sample: int = 30
    """Below this n a row is flagged, until a low_sample_n policy says otherwise."""
    reporting_currency: str = "USD"
    """ISO 4217 currency that recurring revenue is stated in beside each contract's own."""
    portfolio_least: int = 8
    """Accounts of which a manager should have no fewer."""
    portfolio_most: int = 20
    """Accounts of which a manager should have no more."""
    stored_minutes: int = 10
    """Minutes between the end of one computation of a stored answer and the start of the next."""
    cluster: str = ""
    """Cluster that statements run on and that the tables are replicated in; empty for a single server."""

    @property
    def meta(self) -> str:
        return f"{self.database}_meta"

    @property
    def on_cluster(self) -> str:
        return f"ON CLUSTER `{self.cluster}`" if self.cluster else ""

    @property
    def engine_prefix(self) -> str:
        """Prefix of every table engine: replicated tables take their path and name from the server's macros."""
        return "Replicated" if self.cluster else ""

    def variables(self) -> dict[str, str]:
        """Substitutions of the view files."""
        return {
            "cx": self.database,
            "meta": self.meta,
            "zone": self.time_zone,
            "week_mode": str(_WEEK_MODES[self.week_start]),
            "response_window_days": str(self.response_window_days),
            "low_sample": str(self.low_sample),
            "reporting_currency": self.reporting_currency,
            "portfolio_least": str(self.portfolio_least),
            "portfolio_most": str(self.portfolio_most),
            "now": "now64(6, 'UTC')",
            "end_of_days": _END_OF_DAYS,
        }
