"""From samples of progress and processor time to microseconds per event and events per core-second; pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.errors import UsageError

BEGIN, END = 0.15, 0.95
"""The part of a role's work that is rated: start-up, compilation and the tail are left out."""


class Sample(NamedTuple):
    """One look at the clock (s), at the work done (records, any unit), and at the processor time used (s)."""

    at_s: float
    done: int
    cpu_s: float


class Rate(NamedTuple):
    """What one role's work cost between two marks.

    Attributes:
        us_per_event: processor time per event, microseconds.
        events_per_s: by the wall clock.
        busy: mean number of cores in use.
    """

    us_per_event: float
    events_per_s: float
    busy: float


class TooShortError(UsageError):
    """The work was over before there were two marks to rate it by."""


def rate(samples: Sequence[Sample], total: int, events: int) -> Rate:
    """Rate a role's work between the marks.

    Committed offsets move in steps, so the marks are samples at which `done` has just moved.

    Args:
        samples: in the order of time.
        total: what `done` is when all is done.
        events: events that this is the work of.

    Raises:
        TooShortError: fewer than two steps lie between the marks.
    """
    steps = [now for before, now in pairwise(samples) if now.done > before.done]
    rated = [step for step in steps if BEGIN * total <= step.done <= END * total]
    if len(rated) < 2:
        raise TooShortError(
            f"{events} events were read in {len(steps)} steps, too few to rate: ask for more (--events)"
        )
    first, last = rated[0], rated[-1]
    done = (last.done - first.done) / total * events
    cpu_s, wall_s = last.cpu_s - first.cpu_s, last.at_s - first.at_s
    return Rate(cpu_s / done * 1e6, done / wall_s, cpu_s / wall_s)


def per_core_second(us_per_event: float) -> float:
    """Events per second of one core.

    >>> per_core_second(4.0)
    250000.0
    """
    return 1e6 / us_per_event if us_per_event else 0.0
