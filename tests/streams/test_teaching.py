"""What a sampler is shown follows from the events alone, and is what a plain count of them gives."""

import json

import numpy as np
import pytest

from models.features import KINDS
from models.kinds import Kind
from models.tables import Tables
from models.windows.layout import LOG_MAX
from models.windows.moments import Moments
from streams.recorded import Batch
from streams.teaching import Teaching
from tests.support.calls import settings
from tests.support.moments import joined
from tests.support.recordings import lines

LINES = lines()
BUSY_EVENTS = LOG_MAX
EVERY_MS = 300_000


def batch(part: list[bytes], first: int) -> Batch:
    offset = np.arange(first, first + len(part))
    return Batch(part, ("events:",), np.zeros(len(part), np.int32), offset, len(part))


def taught(part: list[bytes], cuts: list[int]) -> Moments:
    shown: list[Moments] = []
    teaching = Teaching(settings(), Tables(), shown.append)
    for begin, end in zip([0, *cuts], [*cuts, len(part)], strict=True):
        teaching.feed(batch(part[begin:end], begin + 1))
    return joined(*shown)


@pytest.fixture(scope="module")
def whole() -> Moments:
    return taught(LINES, [])


def test_cuts_are_the_same(whole):
    cut = taught(LINES, [1, 2, 3, 500, 501, 1200])
    orders = [np.lexsort((told.key, told.at_ms, told.kind)) for told in (whole, cut)]
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(one[orders[0]], other[orders[1]])


def test_busy_keys_are_seen_once_in_five_minutes_and_nobody_else(whole):
    events = (whole.attempts + whole.refused + whole.answered + whole.ended)[:, 3]
    assert (events > BUSY_EVENTS).all()
    assert set(whole.kind.tolist()) <= {int(kind) for kind in KINDS.values()}
    pairs = np.stack([whole.kind.astype(np.uint64), whole.key, (whole.at_ms // EVERY_MS).astype(np.uint64)], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_what_is_shown_of_callers_is_what_a_plain_count_gives(whole):
    events = [json.loads(line) for line in LINES]
    callers = {int(event["caller"][1:]) for event in events}
    mine = np.flatnonzero(whole.kind == Kind.CALLER)
    assert set(whole.key[mine].tolist()) == callers
    for at in mine[:: len(mine) // 20].tolist():
        key, now = int(whole.key[at]), int(whole.at_ms[at])
        oldest = (now // 3_600_000 - 23) * 3_600_000  # whole buckets of an hour
        seen = [event for event in events if int(event["caller"][1:]) == key and oldest <= event["ts"] <= now]
        attempts = [event for event in seen if event["event"] == "attempt"]
        assert whole.attempts[at, 3] == len(attempts)
        others = len({event["called"] for event in attempts})
        assert abs(whole.distinct[at, 3] - others) <= (0 if whole.exact[at, 3] else 0.3 * others)
        assert whole.duration_ms[at, 3] == sum(round(event.get("duration_s", 0) * 1000) for event in seen)


def test_what_is_usual_is_of_keys_that_are_known_for_more_than_a_day(whole):
    unknown = np.isnan(whole.usual)
    assert 0 < unknown.sum() < len(unknown)
    assert ((whole.known_ms == 0) == unknown).all()
    assert (whole.usual[~unknown] > 0).all()


def test_events_that_are_no_good_are_counted_by_reason():
    teaching = Teaching(settings(), Tables(), lambda _: None)
    teaching.feed(batch([b"{", *LINES[:3]], 1))
    assert teaching.counts["events"] == 3
    assert sum(teaching.counts.values()) == 4


def test_an_event_of_a_far_future_is_no_end_of_it():
    late = json.loads(LINES[0]) | {"ts": 4_000_000_000_000, "call_id": "late"}
    assert len(taught([*LINES, json.dumps(late).encode(), *LINES[-1:]], [])) == len(Moments._fields)


def test_no_events_are_no_moments():
    shown: list[Moments] = []
    teaching = Teaching(settings(), Tables(), shown.append)
    teaching.feed(batch([], 1))
    assert shown == []
