"""Name what can go wrong when a local server is started."""


class EmbeddedServerError(Exception):
    """A local server did not start or stop; the message is one sentence that names the remedy.

    Whoever starts servers prints the message as it is and ends with exit status 1.
    """


class PortTakenError(EmbeddedServerError):
    """Another program listens on a port that the server wanted."""
