"""Ports are seen as free and as taken."""

import socket

from streams.broker.ports import LISTENING, LOOPBACK, free_ports, is_free


def test_free_ports_are_different_and_free() -> None:
    found = free_ports(3)
    assert len(set(found)) == 3
    assert all(map(is_free, found))
    assert all(port in LISTENING for port in found)


def test_a_port_that_somebody_listens_on_is_taken_until_he_goes() -> None:
    (port,) = free_ports(1)
    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)
    assert is_free(port)


def test_a_port_whose_last_connection_lingers_is_free() -> None:
    (port,) = free_ports(1)
    with socket.create_server((LOOPBACK, port)) as server, socket.create_connection((LOOPBACK, port)):
        server.accept()[0].close()  # closed first by the server: TIME_WAIT is on its side
    assert is_free(port)
