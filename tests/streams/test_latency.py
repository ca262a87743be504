"""The time from an event to its command: carried in a header, measured once, never guessed."""

import pytest
from prometheus_client import REGISTRY

from streams.latency import carried, header, observe


def measured() -> tuple[float, float]:
    name = "ringfence_produce_to_command_milliseconds"
    return REGISTRY.get_sample_value(f"{name}_count") or 0.0, REGISTRY.get_sample_value(f"{name}_sum") or 0.0


def test_the_time_rides_along_and_is_measured():
    count, total = measured()
    observe([("sig", b"x"), *carried([("other", b"1"), *header(1_000)])], 1_240)
    assert measured() == (count + 1, total + 240)


@pytest.mark.parametrize("headers", [None, [], [("other", b"5")], header(0), [("appended", b"soon")]])
def test_what_nobody_noted_is_not_measured(headers):
    before = measured()
    observe(headers, 1_240)
    assert measured() == before


def test_a_clock_behind_the_brokers_is_no_time_rather_than_less():
    _, total = measured()
    observe(header(2_000), 1_000)
    assert measured()[1] == total
