"""Kernels that notice busy keys while rows are counted, so that what is told does not depend on how rows are cut.

A busy key is looked at when an attempt begins another tick of it: at most six times a minute, however many calls it
has. It is noticed if its attempts reach one of the floors that its table watches (OVER), and every five minutes
whatever they are (SAMPLED): its usual hours are kept, and forests are taught, from these.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from models.windows.arithmetic import place_in, ratio
from models.windows.asking import EXACT, FIELDS, Scratch, read_block
from models.windows.counting import closed
from models.windows.layout import (
    BUCKETS,
    DAY,
    FIRSTS,
    HOUR,
    RANK_MAX,
    REGISTERS,
    TABLE,
    WIDTHS,
    Ints,
    Positions,
    Record,
    Small,
    State,
    Truth,
    Whole,
)
from models.windows.parts import part

OVER: Final = 1
SAMPLED: Final = 2
SAMPLE: Final = np.int64(30)
"""Ticks between two samples: five minutes."""
ROOM: Final = 256
"""Notices after which the kernel stops, for them to be taken out."""
NEVER: Final = np.iinfo(np.int64).max


class Noticed(NamedTuple):
    """Keys that were noticed, in the order of the rows by which they were.

    Attributes:
        row: int32[n], position of the row in its batch.
        why: uint8[n], OVER or SAMPLED or both.
        tick: int64[n], where the windows end: highest event time of the key's slice.
        sums: int64[n, 4, FIELDS], what the windows hold (`models.windows.asking`).
        hours: int64[n, 24], attempts of the latest hours, that of `tick` last.
    """

    row: Positions
    why: Small
    tick: Ints
    sums: Ints
    hours: Ints


class Watching(NamedTuple):
    """What a table watches, and room for what is noticed.

    Attributes:
        floors: int64[4], attempts in each window from which a key is OVER.
        sampled: int64[1], whether keys are sampled.
        many: int64[1], notices in use.
        noticed: room for them.
        scratch: of any content.
    """

    floors: Ints
    sampled: Ints
    many: Ints
    noticed: Noticed
    scratch: Scratch


def scratch() -> Scratch:
    """Return what answers are worked out in."""
    return Scratch(np.zeros(TABLE, np.uint64), np.zeros(REGISTERS, np.uint8), np.zeros(RANK_MAX + 2, np.int64))


def _room(many: int) -> Noticed:
    return Noticed(
        np.zeros(many, np.int32),
        np.zeros(many, np.uint8),
        np.zeros(many, np.int64),
        np.zeros((many, 4, FIELDS), np.int64),
        np.zeros((many, DAY), np.int64),
    )


NOBODY: Final = _room(0)


def watching(floors: tuple[int, ...] | None) -> Watching:
    """Return what watches for these floors; None notices nothing."""
    watched = np.array(floors or (NEVER,) * 4, np.int64)
    return Watching(watched, np.array([floors is not None], np.int64), np.zeros(1, np.int64), _room(ROOM), scratch())


def taken_out(watched: Watching) -> Noticed:
    """Take out what was noticed."""
    many = int(watched.many[0])
    if not many:
        return NOBODY
    watched.many[0] = 0
    columns: list[Any] = [column[:many].copy() for column in watched.noticed]
    return Noticed(*columns)


def together(parts: list[Noticed]) -> Noticed:
    """Return all that was noticed in one batch."""
    if len(parts) == 1:
        return parts[0]
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Noticed(*columns)


@part
def _attempts(state: State, slot: Record, now: Whole, window: Whole) -> Whole:
    """Add up the attempts in one window of a busy key whose tick under way is in its buckets."""
    width, count, first = WIDTHS[window], BUCKETS[window], FIRSTS[window]
    attempts = np.int64(0)
    for bucket in range(ratio(now, width) - count + 1, ratio(np.int64(slot.head), width) + 1):
        attempts += np.int64(state.buckets[slot.link, first + place_in(bucket, count)].attempts)
    return attempts


@part
def _over(state: State, slot: Record, now: Whole, floors: Ints) -> Truth:
    """Say whether the attempts of a busy key reach a floor."""
    over = False
    for window in range(4):
        over |= _attempts(state, slot, now, window) >= floors[window]
    return over


@part
def _write_hours(state: State, slot: Record, now: Whole, out: Ints) -> None:
    for place in range(DAY):
        out[place] = 0
    oldest = ratio(now, HOUR) - DAY + 1
    for hour in range(oldest, ratio(np.int64(slot.head), HOUR) + 1):
        out[hour - oldest] = state.buckets[slot.link, FIRSTS[3] + place_in(hour, DAY)].attempts


@part
def notice(state: State, slot: Record, row: Whole, before: Whole, now: Whole, watch: Watching) -> None:
    """Look at a busy key of which an attempt has begun another tick.

    Args:
        state: of the table.
        slot: of the key.
        row: position of the attempt in its batch.
        before: tick of the key's latest event before it.
        now: tick of the highest event time.
        watch: with room for another notice.
    """
    if watch.sampled[0] == 0:
        return
    closed(state, slot)
    sampled = ratio(np.int64(slot.head), SAMPLE) > ratio(before, SAMPLE)
    over = _over(state, slot, now, watch.floors)
    if not sampled and not over:
        return
    at, noticed = watch.many[0], watch.noticed
    watch.many[0] = at + 1
    noticed.row[at] = row
    noticed.why[at] = OVER * over + SAMPLED * sampled
    noticed.tick[at] = now
    for window in range(4):
        for field in range(FIELDS):
            noticed.sums[at, window, field] = field == EXACT
    read_block(state, slot, now, noticed.sums[at], watch.scratch.union, watch.scratch.counts)
    _write_hours(state, slot, now, noticed.hours[at])
