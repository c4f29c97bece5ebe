"""One way in: an installation of a vendor, with what its deliveries are verified, paced and closed by."""

from collections.abc import Callable, Sequence

from streams.ingest.raw import TOPIC, BodyKeys
from streams.receive.hooks import HOOKS
from streams.receive.pacing import Pace


class Endpoint:
    """What `/hooks/<vendor>/<instance>` needs to know. `topic` is the full name; it shows no secret."""

    __slots__ = ("_secrets", "hook", "instance", "keys", "pace", "rate", "topic", "vendor")

    def __init__(
        self,
        vendor: str,
        instance: str,
        secrets: Sequence[str],
        keys: BodyKeys,
        *,
        prefix: str,
        rate: float,
        clock: Callable[[], float],
    ) -> None:
        """Read the secrets as the vendor shows them; raises ValueError with a sentence that holds none of them.

        `rate` is in deliveries a second, `clock` in seconds, and never goes back. `prefix` stands before topics.
        """
        if not secrets:
            raise ValueError(f"{vendor}.{instance} has no secret: its deliveries could not be verified")
        self.vendor, self.instance, self.keys = vendor, instance, keys
        self.topic = f"{prefix}{TOPIC}{vendor}"
        self.hook = HOOKS[vendor]
        self.rate, self.pace = rate, Pace(rate, clock)
        try:
            self._secrets = tuple(map(self.hook.key_of, secrets))
        except ValueError as error:
            raise ValueError(f"{vendor}.{instance}: {error}") from None

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The keys that verify, any of which will do."""
        return self._secrets
