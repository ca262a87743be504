"""How long from an event to its command: the append time of the oldest event rides along in a header.

It is no part of any value, so that nothing that is decided can depend on it.
"""

from collections.abc import Iterable

from streams import metrics

APPENDED = "appended"
"""Header of blocks and findings: append time (ms) of the oldest record that they rest on, in decimal."""

Headers = list[tuple[str, bytes]]


def header(appended_ms: int) -> Headers:
    """The header for a block whose oldest record was appended then; none where the log does not say (0)."""
    return [(APPENDED, b"%d" % appended_ms)] if appended_ms > 0 else []


def carried(headers: Iterable[tuple[str, bytes]] | None) -> Headers:
    """The header of a record that was read, for the records that it leads to."""
    return [(name, value) for name, value in headers or () if name == APPENDED]


def observe(headers: Iterable[tuple[str, bytes]] | None, now_ms: int) -> None:
    """Count the time until a command, which a finding with these headers led to, was acknowledged (ms)."""
    for _, value in carried(headers):
        if value.isdigit():
            metrics.PRODUCE_TO_COMMAND.observe(max(0, now_ms - int(value)))
