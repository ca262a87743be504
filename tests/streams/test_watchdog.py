"""When a process counts as hung, and the pauses between starts."""

import pytest

from streams.heartbeat import Beat
from streams.watchdog import LONGEST_PAUSE_S, Backoff, Watchdog


def test_a_first_report_may_take_longer_than_the_next_ones():
    watchdog = Watchdog(30, now_s=0)
    assert watchdog.complaint(119) == ""
    assert watchdog.complaint(121) == "no first report for 121 s"


@pytest.mark.parametrize(
    ("beats", "at_s", "complaint"),
    [
        ([(0, Beat(True, 1, 5))], 30, ""),
        ([(0, Beat(True, 1, 5))], 31, "no report for 31 s"),
        ([(0, Beat(True, 1, 5)), (25, Beat(True, 1, 5))], 31, "no progress for 31 s with 5 records waiting"),
        ([(0, Beat(True, 1, 5)), (25, Beat(True, 2, 5))], 31, ""),
        ([(0, Beat(True, 1, 5)), (25, Beat(True, 1, 0))], 31, ""),
        ([(0, Beat(True, 9, 5)), (25, Beat(True, 1, 5))], 31, ""),
    ],
    ids=["patience", "silence", "standstill", "progress", "nothing to do", "a count that begins anew"],
)
def test_silence_and_standstill_are_told_from_work_and_rest(beats, at_s, complaint):
    watchdog = Watchdog(30, now_s=0)
    for now_s, beat in beats:
        watchdog.heard(beat, now_s)
    assert watchdog.complaint(at_s) == complaint


def test_pauses_double_to_half_a_minute_and_begin_anew_after_a_good_life():
    backoff = Backoff()
    pauses = [backoff.after(1) for _ in range(10)]
    assert pauses[:3] == [0.2, 0.4, 0.8]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert backoff.after(60) == 0.2
