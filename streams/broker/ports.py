"""Ports on the loopback: free ones, and whether one is taken."""

import secrets
import socket

LOOPBACK = "127.0.0.1"
LISTENING = range(20_000, 32_000)
"""Below what Linux (from 32,768) and the IANA (from 49,152, RFC 6335) give to connections: a port of these that was
free stays free while its server restarts, for no client's connection is given it meanwhile."""


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
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(LISTENING)
        if is_free(port):
            found.add(port)
    return list(found)
