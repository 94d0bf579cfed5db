"""Ports on the loopback interface."""

import socket
from collections.abc import Callable

from ccm.stack.errors import PortTaken

Say = Callable[[str], None]

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether nobody listens there now."""
    with socket.socket() as probe:
        # As servers do it: connections of an earlier run that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port that nobody listens on; the kernel chooses."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def preferred_or_free(preferred: int | None) -> int:
    """The preferred port while it is free, else any."""
    return preferred if preferred and is_free(preferred) else any_free()


def to_serve_on(port: int, say: Say, *, asked_for: bool) -> int:
    """The port for HTTP: the one that was asked for or none; where none was asked for, any free one does.

    Raises:
        PortTaken: the port that was asked for is not free.
    """
    if port and is_free(port):
        return port
    if port and asked_for:
        raise PortTaken(f"Port {port} is taken. Name another with --port, or 0 for any free one.", port=port)
    free = any_free()
    if port:
        say(f"Port {port} is taken: using {free}.")
    return free
