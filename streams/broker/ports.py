"""Ports on the loopback: free ones, and whether one is taken."""

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there now; one that has just ended does not count."""
    with socket.socket() as probe:
        # as Java's server sockets do
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that were free a moment ago; another program may still be faster."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in sockets]
