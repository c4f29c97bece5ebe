"""Counts deliveries by vendor, installation and what became of them. Nothing that a sender wrote is a label."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

STORED, PING, HANDSHAKE = "stored", "ping", "handshake"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Counts:
    """The counters of one receiver. `held` gives what is in memory, in bytes, by the name of where."""

    def __init__(self, held: Mapping[str, Callable[[], float]]) -> None:
        self._registry = CollectorRegistry()
        self._deliveries = Counter(
            "cx_receive_deliveries",
            "Deliveries by what became of them: stored, ping, handshake, or why not.",
            ["vendor", "instance", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "cx_receive_seconds",
            "From a request's headers to its answer, of what was stored.",
            ["vendor"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        gauge = Gauge("cx_receive_held_bytes", "Bytes in memory by where.", ["where"], registry=self._registry)
        for where, value in held.items():
            gauge.labels(where).set_function(value)

        self._adding: dict[
            tuple[str, str, str], Callable[[float], None]
        ] = {}  # finding a label costs more than counting
        self._timing: dict[str, Callable[[float], None]] = {}

    def add(self, vendor: str, instance: str, outcome: str, count: int = 1) -> None:
        key = vendor, instance, outcome
        if (add := self._adding.get(key)) is None:
            add = self._adding[key] = self._deliveries.labels(*key).inc
        add(count)

    def took(self, vendor: str, seconds: float) -> None:
        if (observe := self._timing.get(vendor)) is None:
            observe = self._timing[vendor] = self._seconds.labels(vendor).observe
        observe(seconds)

    def of(self, vendor: str, instance: str, outcome: str) -> float:
        """Return how many there were."""
        labels = {"vendor": vendor, "instance": instance, "outcome": outcome}
        return self._registry.get_sample_value("cx_receive_deliveries_total", labels) or 0.0

    def render(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self._registry)
