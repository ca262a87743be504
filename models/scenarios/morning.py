"""The quiet morning before an incident: what the network did, as events in the order of their times."""

import heapq
from collections.abc import Iterator

from models.scenarios.network import Network, PlannedCall
from models.scenarios.switch import RINGING_MS, Emitted, Switch

BROKEN = (
    b'{"v":1,"event":"attempt","call_id":"cut-off@casa-msc-1","ts":17954',
    b'{"v":1,"event":"attempt","call_id":4711,"ts":1795460000000,"caller":"+212600000001","called":"+33187654321"}',
)
"""What a broken probe sends: a record that was cut off, and an event whose call_id is a number."""


def morning(network: Network, begin_ms: int, end_ms: int, calls: int) -> Iterator[Emitted]:
    """About `calls` ordinary calls in [begin, end) (ms since the epoch), all of them over at `end_ms`."""
    switch = Switch()
    last_ms = end_ms - RINGING_MS - int(network.longest_s * 1000)
    pending: list[Emitted] = []
    for call in _until(network.day(begin_ms, calls * 1000 / (last_ms - begin_ms)), last_ms):
        while pending and pending[0].at_ms <= call.time_ms:
            yield heapq.heappop(pending)
        for event in switch.place(call, call.time_ms).events:
            heapq.heappush(pending, event)
    while pending:
        yield heapq.heappop(pending)


def _until(calls: Iterator[PlannedCall], last_ms: int) -> Iterator[PlannedCall]:
    for call in calls:
        if call.time_ms >= last_ms:
            return
        yield call
