"""Hypothesis profiles: shared machines are slow and noisy, so no example has a time limit of its own.

`cx` tries the same examples on every run of the same tests, so that a red run can be repeated and a change is judged
by what it changed. `thorough` searches anew each time: `pytest --hypothesis-profile thorough`.
"""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "cx", deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)

settings.register_profile(  # while something is written: the first failure as it is, in seconds
    "rough", max_examples=150, deadline=None, derandomize=False, database=None, phases=[Phase.generate]
)


def load() -> None:
    settings.load_profile("cx")
