"""A producer as soon as a broker answers.

kafka-python's own constructor waits for one, and leaves sockets behind where none comes.
"""

from __future__ import annotations

import logging
import socket
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaConfigurationError, KafkaError

MAX_REQUEST_BYTES = 2 * 1024 * 1024
SETTINGS = {"allow_auto_create_topics": False, "max_request_size": MAX_REQUEST_BYTES, "linger_ms": 5}
_PROXIES = frozenset({"proxy_url", "socks5_proxy"})
_OURS = frozenset({"partitioner", "key_serializer", "value_serializer"})
"""Fix what decides on bytes and partitions: another choice has every event refused, or parts its account."""
_CONNECT_S = 2.0
_BOOTSTRAP_MS = 10_000
log = logging.getLogger(__name__)


class Unusable(Exception):  # noqa: N818 - a state of the settings
    """The producer's settings are wrong: no broker will ever be reached with them."""


class Connecting:
    """Opens a producer, at each call one try; `options` are KafkaProducer's.

    Raises TypeError for one that it has not, or that decides on partitions or bytes.
    """

    def __init__(self, bootstrap: str, options: dict[str, Any]) -> None:
        if unknown := sorted(options.keys() - KafkaProducer.DEFAULT_CONFIG.keys()):
            raise TypeError(f"KafkaProducer has no option {', '.join(unknown)}")
        if ours := sorted(options.keys() & _OURS):
            raise TypeError(f"{', '.join(ours)} cannot be chosen: all events of an account must reach one partition")
        self._addresses = [_address(part) for part in bootstrap.split(",")]
        wait = {"bootstrap_timeout_ms": _BOOTSTRAP_MS}
        self._settings = {"bootstrap_servers": bootstrap.split(","), **wait, **SETTINGS, **options}
        self._behind_proxy = bool(_PROXIES & options.keys())

    def __call__(self) -> Any:
        """Return a producer, or None where no broker answers; raises Unusable."""
        if not (self._behind_proxy or any(map(_listens, self._addresses))):
            return None
        try:
            return KafkaProducer(**self._settings)
        except KafkaConfigurationError as error:
            raise Unusable(str(error)) from error
        except (KafkaError, OSError) as error:
            log.warning("the Kafka broker does not take a producer in: %s", error)
            return None
        except Exception as error:  # its checks of settings raise ValueError, TypeError, RuntimeError and more
            raise Unusable(f"{type(error).__name__}: {error}") from error


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.strip().rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit()):
        raise ValueError(f"{text.strip()!r} is no address of a broker, such as localhost:9092")
    return host.strip("[]"), int(port)


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True
