"""Counts of a translator, for Prometheus and for its last words. Names of types come from outside, so few are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.translating.judging import Outcome

TRANSLATED, NOTHING = "translated", "nothing to tell"
OTHER = "other"
_MOST_NAMES = 200
_LONGEST = 80


class Counts:
    """What became of records, by vendor and instance; counted once it is committed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._records = Counter(
            "cx_translate_records",
            "Raw records committed, by what became of them: translated, nothing to tell, or why not.",
            ["vendor", "instance", "outcome"],
            registry=self.registry,
        )
        self._events = Counter(
            "cx_translate_events", "Events made of raw records.", ["vendor", "type"], registry=self.registry
        )
        self._unmapped = Counter(
            "cx_translate_unmapped",
            "Deliveries, or parts of them, that no event stands for, by the vendor's own name.",
            ["vendor", "instance", "name"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "cx_translate_waiting_records",
            "Raw records that are stored and not translated yet, by partition.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self._committed_at = Gauge(
            "cx_translate_commit_timestamp_seconds", "When a batch was last committed.", registry=self.registry
        )
        self._names: dict[tuple[str, str], set[str]] = {}
        self.outcomes: dict[tuple[str, str, str], int] = {}
        self.unmapped: dict[tuple[str, str, str], int] = {}
        self.events = 0

    def add(self, outcome: Outcome) -> None:
        vendor, instance = outcome.vendor, outcome.instance
        became = outcome.refused[0] if outcome.refused else TRANSLATED if outcome.events else NOTHING
        self._records.labels(vendor, instance, became).inc()
        self.outcomes[vendor, instance, became] = self.outcomes.get((vendor, instance, became), 0) + 1
        for event in outcome.events:
            self._events.labels(vendor, event.event_type).inc()
        self.events += len(outcome.events)
        for name in outcome.unmapped:
            kept = self._kept(vendor, instance, name)
            self._unmapped.labels(vendor, instance, kept).inc()
            self.unmapped[vendor, instance, kept] = self.unmapped.get((vendor, instance, kept), 0) + 1

    def waits(self, topic: str, partition: int, records: int) -> None:
        self._waiting.labels(topic, str(partition)).set(records)

    def no_more_ours(self, topic: str, partition: int) -> None:
        """Forget a partition that another translator has now."""
        self._waiting.remove(topic, str(partition))

    def committed(self, at: int) -> None:
        """Note that a batch was committed, at a time in microseconds."""
        self._committed_at.set(at / 1e6)

    def lines(self) -> Iterator[str]:
        """Yield a sentence for each source and outcome, and one for each name that nobody maps."""
        for (vendor, instance, became), count in sorted(self.outcomes.items()):
            yield f"{vendor}:{instance or '?'}: {count:,} {became}"
        for (vendor, instance, name), count in sorted(self.unmapped.items(), key=lambda each: (-each[1], each[0])):
            yield f"{vendor}:{instance}: {count:,} of {name!r}, which no event stands for"

    def _kept(self, vendor: str, instance: str, name: str) -> str:
        """Return a name as it is counted: the first of them by themselves, all others together."""
        names = self._names.setdefault((vendor, instance), set())
        shown = name[:_LONGEST] if name.isprintable() else OTHER
        if shown not in names and len(names) >= _MOST_NAMES:
            return OTHER
        names.add(shown)
        return shown
