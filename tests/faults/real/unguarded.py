"""`python -m tests.faults.real.unguarded run ROLE`: the service as it is, but every owner ignores its stamps.

Nothing in `streams` knows of it: the supervisor that this starts starts its roles by this module, too.
"""

from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from streams import supervisor
from streams.__main__ import main
from streams.supervisor import Command, role_command
from tests.faults.guards import stamps_ignored

NAME = "tests.faults.real.unguarded"


def unguarded_command(config: Path | None) -> Command:
    """How a role is started: as always, but by this module."""
    guarded = role_command(config)

    def command(role: str) -> Sequence[str]:
        return [NAME if word == "streams" else word for word in guarded(role)]

    return command


if __name__ == "__main__":
    with stamps_ignored(), mock.patch.object(supervisor, "role_command", unguarded_command):
        main()
