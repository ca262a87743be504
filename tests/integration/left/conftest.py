"""One demo for all tests of what a demo leaves: every role is killed at three moments of it."""

import pytest

from tests.integration.kept_demo import ROLES, KeptDemo

MOMENTS = ("the quiet morning of", "free call 1", "the switch refuses")
"""Lines of the story at which all roles are killed: a backlog is read; the leak is on; proved, not yet released."""


@pytest.fixture(scope="package")
def demo(tmp_path_factory):
    """A demo that has ended; its Kafka and its service still run."""
    with KeptDemo(tmp_path_factory.mktemp("demo"), "--seed", "5") as demo:
        killed = []
        for moment in MOMENTS:
            demo.wait_for(moment)
            killed += [demo.kill(role) for role in ROLES]
        assert demo.end() == 0, demo.said
        assert len(set(killed)) == len(MOMENTS) * len(ROLES)
        yield demo
