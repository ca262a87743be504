"""What was told of bursts, and where callers went: bounded, and the same after a restart."""

import msgspec
import pytest

from models.bursts import memory
from models.bursts.memory import DAY_MS, HOUR_MS, MINUTE_MS, Mark, Told, Trails, swept


@pytest.mark.parametrize(
    ("rule", "grade", "pause_ms"),
    [
        ("rate_burst", "limit", MINUTE_MS),
        ("rate_burst", "held", 15 * MINUTE_MS),
        ("rate_burst", "shadow", 15 * MINUTE_MS),
        ("rate_burst", "rejected", DAY_MS),
        ("unusual", "shadow", DAY_MS),
    ],
)
def test_the_same_grade_is_told_again_after_a_while_and_another_at_once(rule, grade, pause_ms):
    told = Told()
    assert told.tells(0, 7, rule, Mark(1_000, grade))
    assert not told.tells(0, 7, rule, Mark(999 + pause_ms, grade))
    assert told.tells(0, 8, rule, Mark(1_000, grade))
    assert told.tells(1, 7, rule, Mark(1_000, grade))
    assert told.tells(0, 7, rule, Mark(1_000 + pause_ms, grade))
    assert told.tells(0, 7, rule, Mark(1_001 + pause_ms, "block"))


def restored(state, kind):
    copy = kind()
    copy.load(msgspec.msgpack.decode(msgspec.msgpack.encode(state)))
    return copy


def test_a_flood_of_keys_forgets_those_told_longest_ago(monkeypatch):
    monkeypatch.setattr(memory, "TOLD_MAX", 10)
    told = Told()
    for key in range(100):
        assert told.tells(0, key, "rate_burst", Mark(key, "limit"))
    assert len(told.snapshot()["marks"]) <= 10
    assert not told.tells(0, 99, "rate_burst", Mark(100, "limit"))
    assert restored(told.snapshot(), Told).snapshot() == told.snapshot()


def test_trails_keep_the_hour_before_and_a_limit_of_callers(monkeypatch):
    monkeypatch.setattr(memory, "TRAILS_MAX", 2)
    trails = Trails()
    assert trails.follow(1, 0, 100) == [100]
    assert trails.follow(1, HOUR_MS - 1, 101) == [100, 101]
    assert trails.follow(1, HOUR_MS, 102) == [101, 102]
    assert trails.follow(2, HOUR_MS, 7) == [7]
    assert trails.follow(3, HOUR_MS, 8) == []
    assert trails.follow(3, 3 * HOUR_MS, 8) == [8]
    assert restored(trails.snapshot(), Trails).snapshot() == trails.snapshot()


@pytest.mark.parametrize(
    ("numbers", "others", "expected"),
    [
        ([10, 20, 30, 40, 50], 50, (10, 50)),
        ([50, 40, 30, 20, 10], 50, (10, 50)),
        ([10, 20, 30, 40], 50, None),
        ([10, 20, 30, 40, 40], 50, None),
        ([10, 20, 30, 50, 40], 50, None),
        ([10, 20, 30, 40, 5_000], 50, None),
    ],
)
def test_a_sweep_goes_through_close_numbers_in_order(numbers, others, expected):
    assert swept(numbers, others) == expected


def test_a_minute_has_room_for_some_findings_and_the_others_are_counted():
    told = Told()
    heard = [told.tells(0, key, "rate_burst", Mark(5 * MINUTE_MS + key, "limit")) for key in range(200)]
    assert heard == [True] * memory.TOLD_PER_MINUTE + [False] * (200 - memory.TOLD_PER_MINUTE)
    assert told.untold == 200 - memory.TOLD_PER_MINUTE
    assert restored(told.snapshot(), Told).snapshot() == told.snapshot()
    assert told.tells(0, 199, "rate_burst", Mark(6 * MINUTE_MS, "limit"))
