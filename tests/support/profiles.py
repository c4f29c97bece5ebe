"""Hypothesis profiles: shared machines are slow and noisy, so no example has a time limit of its own."""

from hypothesis import HealthCheck, settings

settings.register_profile("cx", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=2_000)


def load() -> None:
    settings.load_profile("cx")
