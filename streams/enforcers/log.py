"""The driver without a switch: every change as a line of JSON on standard output, for a person or a script."""

import sys
from typing import BinaryIO

import msgspec

from streams.enforcers.driver import Change
from streams.errors import DependencyError


class LogDriver:
    """Writes `{"event":"loaded",…}` and `{"event":"rule",…}` lines, each flushed; numbers in keys are whole."""

    def __init__(self, output: BinaryIO | None = None) -> None:
        self._output = output or sys.stdout.buffer
        self._encoder = msgspec.json.Encoder(order="deterministic")

    def apply(self, change: Change) -> None:
        """Write the change.

        Raises:
            DependencyError: nobody reads standard output any more.
        """
        try:
            self._output.write(self._encoder.encode(change) + b"\n")
            self._output.flush()
        except BrokenPipeError:
            raise DependencyError("nobody reads our standard output any more") from None
