"""What all tests share: one real Kafka for the session, started when first asked for, and unique names."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from streams.broker import Broker

INTEGRATION = Path(__file__).parent / "integration"
LEFT = "tests/integration/left/"
FIRST = ("test_simulation.py", "test_broker.py")
"""The longest file, and one that needs no kernel while that one compiles them."""

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a broker, so that `-m "not kafka"` leaves it out; let several workers begin with what waits."""
    for item in items:
        if INTEGRATION in item.path.parents or "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Files that wait for Kafka come before those of a moment, which leave no worker idle in the end."""
    return FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST) + ("kafka" not in item.keywords)


class ByFile(LoadFileScheduling):
    """A worker takes whole files, and all of those whose tests look at what one demo left."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return LEFT if file.startswith(LEFT) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Share out the tests of `make test`."""
    return ByFile(config, log)
