"""Confidence bounds as SQL expressions over counts."""

from sinks.metric import Interval

Z = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""


def net_share(high: str, low: str, of: str) -> tuple[str, str]:
    """Centre and standard error, as shares, of an adjusted Wald interval: three quarters added to each extreme."""
    share, other = f"(({high} + 0.75) / ({of} + 3))", f"(({low} + 0.75) / ({of} + 3))"
    centre = f"({share} - {other})"
    return centre, f"sqrt(({share} + {other} - {centre} * {centre}) / ({of} + 3))"


def _adjusted_wald(interval: Interval) -> tuple[str, str]:
    """Of a net share in points; centred on the adjusted share, not on the value (MeasuringU; Rocks 2016)."""
    centre, error = net_share(interval.high, interval.low, interval.of)
    return f"100 * greatest({centre} - {Z} * {error}, -1)", f"100 * least({centre} + {Z} * {error}, 1)"


def _wilson(interval: Interval) -> tuple[str, str]:
    """Of a share in percent (Wilson 1927)."""
    hits, of = f"({interval.high})", f"({interval.of})"
    centre = f"({hits} + {Z * Z / 2}) / ({of} + {Z * Z})"
    half = f"{Z} * sqrt({hits} * ({of} - {hits}) / {of} + {Z * Z / 4}) / ({of} + {Z * Z})"
    return f"100 * greatest({centre} - {half}, 0)", f"100 * least({centre} + {half}, 1)"


def _mean(interval: Interval) -> tuple[str, str]:
    """Of a mean, by the normal distribution; none for a single value, which says nothing of its spread."""
    total, squares, of = f"({interval.high})", f"({interval.low})", f"({interval.of})"
    variance = f"greatest({squares} - {total} * {total} / {of}, 0) / ({of} - 1)"
    half = f"{Z} * sqrt({variance} / {of})"
    return tuple(f"if({of} > 1, {total} / {of} {sign} {half}, NULL)" for sign in "-+")  # type: ignore[return-value]


def bounds(interval: Interval) -> tuple[str, str]:
    """SQL of the lower and the upper bound; both are NULL where there is nothing to be sure of."""
    if interval.kind == "none":
        return "CAST(NULL, 'Nullable(Float64)')", "CAST(NULL, 'Nullable(Float64)')"
    low, high = {"adjusted_wald": _adjusted_wald, "wilson": _wilson, "mean": _mean}[interval.kind](interval)
    guard = f"({interval.of}) > 0"
    return f"if({guard}, toNullable(toFloat64({low})), NULL)", f"if({guard}, toNullable(toFloat64({high})), NULL)"
