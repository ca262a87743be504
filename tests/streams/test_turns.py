"""Partitions are saved in turn, none more often than it is worth."""

from streams.turns import SHARE, Turns


def test_who_has_waited_longest_is_next():
    turns = Turns(1.0)
    assert turns.due([1, 2], 0.0) is None
    turns.saved(1, 0.5, 0.0)
    assert turns.due([1, 2], 1.2) == 2
    turns.saved(2, 1.2, 0.0)
    assert turns.due([1, 2], 1.4) is None
    assert turns.due([1, 2], 1.6) == 1


def test_what_has_not_changed_is_not_saved():
    turns = Turns(1.0)
    turns.due([1], 0.0)
    assert turns.due([], 5.0) is None


def test_saving_takes_a_small_share_of_the_time_at_most():
    turns = Turns(1.0)
    for partition in (1, 2):
        turns.saved(partition, 0.0, 0.2)
    assert turns.due([1, 2], SHARE * 0.4 - 0.1) is None
    assert turns.due([1, 2], SHARE * 0.4) == 1


def test_who_went_to_another_member_is_forgotten():
    turns = Turns(1.0)
    turns.saved(1, 0.0, 9.0)
    turns.forget(1)
    assert turns.due([2], 10.0) is None
    assert turns.due([2], 11.0) == 2
