"""What all tests share: one real Kafka for the session, started when first asked for, and unique names."""

import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import settings

from streams.broker import Broker

# the same examples in every run, and no verdict by the clock: a slow machine must not fail a test
settings.register_profile("ringfence", deadline=None, derandomize=True)
settings.load_profile("ringfence")
# a shell's background job ignores Ctrl-C, and the programs that the tests interrupt would inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A broker that ends with the tests, even where they are killed; see its `bootstrap_servers`."""
    with Broker(ephemeral=True) as broker:
        yield broker


@pytest.fixture
def unique() -> str:
    """A prefix for the names of one test's topics and groups."""
    return f"t{uuid4().hex[:12]}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the broker, so that `-m "not kafka"` leaves it out."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
