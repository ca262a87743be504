"""Busy keys are noticed once a tick, with what their windows hold at that row, however rows are cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.windows.asking import DISTINCT
from models.windows.layout import LOG_MAX, TICK_MS, WINDOWS_MS
from models.windows.noticing import OVER, SAMPLED, together
from models.windows.remembering import Remembering
from models.windows.table import Windows
from tests.models.windows.brute import Row, columns

BEGIN = 1_795_000_200_000
FLOORS = (8, 20, 90, 500)


def story(gaps: list[int], parties: int) -> list[Row]:
    """Attempts of key 1, so many ms after each other; every sixtieth by key 2, which is never busy."""
    times = BEGIN + np.cumsum(gaps)
    return [Row(1 + (nth % 60 == 0), nth % parties + 1, int(at), 0, 0, 0, int(at)) for nth, at in enumerate(times)]


stories = st.builds(
    story, st.lists(st.sampled_from([0, 1_000, 4_000, 11_000, 70_000]), min_size=100, max_size=160), st.integers(1, 120)
)


@settings(deadline=None, max_examples=40)
@given(stories, st.sets(st.integers(1, 150)))
def test_what_is_noticed_is_what_the_windows_hold_and_cuts_do_not_change_it(rows, cuts):
    windows, alone = Windows(10, 1, 0, FLOORS), Windows(10, 1, 0)
    seen, head = 0, 0
    for nth, row in enumerate(rows):
        noticed = windows.update(columns([row]))
        alone.update(columns([row]))
        tick, before, head = row.ts // TICK_MS, head, row.ts // TICK_MS if row.key == 1 else head
        features = alone.features(np.array([row.key], np.uint64), row.ts)
        busy = sum(one.key == row.key for one in rows[: nth + 1]) > LOG_MAX
        over = bool((features.attempts[0] >= FLOORS).any())
        sampled = tick // 30 > before // 30
        why = (OVER * over + SAMPLED * sampled) if busy and tick > before and row.key == 1 else 0
        assert noticed.why.tolist() == ([why] if why else [])
        if why:
            assert noticed.sums[0, :, 0].tolist() == features.attempts[0].tolist()
            assert noticed.sums[0, :, DISTINCT].tolist() == features.distinct[0].tolist()
            assert noticed.hours[0].sum() == features.attempts[0, -1]
            seen += 1
    parts, begin, cut = [], 0, Windows(10, 1, 0, FLOORS)
    for end in [*sorted(at for at in cuts if at < len(rows)), len(rows)]:
        part = cut.update(columns(rows[begin:end]))
        parts.append(part._replace(row=part.row + begin))
        begin = end
    whole, joined = Windows(10, 1, 0, FLOORS).update(columns(rows)), together(parts)
    assert len(whole.row) == seen
    assert all(np.array_equal(one, other) for one, other in zip(whole, joined, strict=True))


def test_more_is_noticed_than_there_is_room_for_at_a_time():
    rows = story([11_000] * 700, 50)
    whole = Windows(10, 1, 0, (1, 1, 1, 1)).update(columns(rows))
    assert len(whole.row) > 600
    assert (np.diff(whole.row) > 0).all()


def test_windows_that_watch_nothing_notice_nothing():
    assert not len(Windows(10).update(columns(story([11_000] * 200, 50))).row)


def test_a_slice_holds_the_hours_of_its_busy_keys():
    table, copy = Remembering(10, 10, 1, 0, FLOORS), Remembering(10, 10, 1, 0, FLOORS)
    rows = columns(story([30_000] * 3_000, 50))
    seen = table.count(rows, np.arange(3_000, dtype=np.int32), int(rows.ts.max()))
    assert seen is not None
    copy.load_slice(0, table.slice_bytes(0))
    assert copy.slice_bytes(0) == table.slice_bytes(0)
    hour = np.array([int(rows.ts.max()) // WINDOWS_MS[2] + 24])
    normal = copy.hours.normal(np.ones(1, np.uint64), hour)
    assert 100 < normal.hour[0] <= 120
    assert len(copy.hours) == 1
