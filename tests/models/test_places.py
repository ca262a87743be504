"""Sums over places: an episode sets aside what is paid after its first free call, for a day, and then begins anew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.places import EPISODE_MS, PAID, Places, count_paid

steps = st.lists(st.tuples(st.sampled_from(["paid", "free"]), st.integers(0, 3), st.integers(0, 100)), max_size=40)
PREFIXES = (33311, 33312, 33345, 33611)


def places() -> Places:
    made = Places()
    for cell, prefix in enumerate(PREFIXES):
        made.add_cell(cell, (2 + cell % 2, 0, 0), prefix)
    return made


def pay(to: Places, cell: int, known: bool = True) -> None:
    count_paid(to.table, cell, 0, 0, known)


@given(steps)
def test_what_was_before_is_what_was_seen_when_the_running_episode_began(taken):
    subject, hours, level = places(), 0, 1
    log: list[tuple[str, int]] = []
    begun: dict[int, tuple[int, tuple[int, int]]] = {}
    for kind, cell, later in taken:
        hours += later
        if kind == "paid":
            pay(subject, cell)
            log.append((kind, cell))
            continue
        head = PREFIXES[cell] // 100
        there = [k for k, other in log if PREFIXES[other] // 100 == head]
        if head not in begun or hours * 3_600_000 >= begun[head][0] + EPISODE_MS:
            begun[head] = hours * 3_600_000, (there.count("free"), there.count("paid"))
        before = subject.begin(cell, 0, hours * 3_600_000)
        assert tuple(before[2 * level : 2 * level + 2].tolist()) == begun[head][1]
        subject.add_free(cell, 0, 1)
        log.append((kind, cell))


def test_too_old_calls_are_set_aside_and_not_counted():
    subject = places()
    pay(subject, 0)
    subject.begin(0, 0, 0)
    pay(subject, 0, known=False)
    assert subject.sums[subject.of[0, 0], 0, PAID] == 1
    assert subject.begin(0, 0, 1)[1] == 0


def test_recounting_gives_what_was_counted():
    subject = places()
    for cell in (0, 0, 1, 3):
        pay(subject, cell)
    counted = subject.sums.copy()
    zeros = np.zeros(4, np.int64)
    subject.recount(zeros, np.array([2, 1, 0, 1]), zeros)
    assert (subject.sums == counted).all()
