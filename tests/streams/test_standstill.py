"""A process that nobody let run for longer than its session learns of it before it writes."""

import pytest

from streams.standstill import Standstill, StandstillError


def test_who_is_looked_at_all_the_time_goes_on():
    standstill = Standstill(6.0)
    for second in range(100):
        standstill.look(float(second))
        standstill.check(second + 0.9)


def test_a_pause_is_noticed_before_and_after_the_next_look():
    standstill = Standstill(6.0)
    standstill.look(1.0)
    with pytest.raises(StandstillError, match=r"stood still for 6\.5 s"):
        standstill.check(7.5)
    standstill.look(7.5)
    standstill.look(7.6)
    with pytest.raises(StandstillError, match=r"stood still for 6\.5 s"):
        standstill.check(7.6)


def test_who_is_not_watched_never_stood_still():
    Standstill(0.0).check()


def test_a_thread_looks():
    standstill = Standstill(60.0)
    standstill.watch()
    standstill.check()
