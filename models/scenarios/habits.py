"""Callers by habit, and frauds that hide among them: whole days of calls, as `Moments` at every quarter of an hour.

Nobody in it is odd by one number alone: the fraud has a call centre's calls, a conference's durations, a fax machine's
few numbers and share answered. What is odd is to have them all at once.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.kinds import Kind
from models.windows.layout import SHORT_MS, WINDOWS_MS, Ints
from models.windows.moments import Moments

DAY_MS: Final = 86_400_000
BEGIN_MS: Final = 1_795_392_000_000 // DAY_MS * DAY_MS
EVERY_MS: Final = 900_000
RING_MS: Final = 5_000
"""From an attempt to its answer."""

Range = tuple[float, float]


class Habit(NamedTuple):
    """How some callers call; each draws its own numbers from these ranges.

    Attributes:
        calls: in a day.
        mean_s: mean length of answered calls, which are exponential.
        others: called numbers for each call.
        answered: share of the calls.
        hours: of the day in which it calls, evenly.
    """

    calls: Range
    mean_s: Range
    others: Range
    answered: Range
    hours: Range


HONEST: Final[Mapping[str, tuple[float, Habit]]] = {
    "busy line": (0.55, Habit((60, 150), (60, 240), (0.15, 0.45), (0.55, 0.80), (7, 23))),
    "call centre": (0.20, Habit((250, 700), (60, 200), (0.70, 0.95), (0.35, 0.60), (8, 20))),
    "machine": (0.15, Habit((150, 500), (15, 60), (0.01, 0.10), (0.88, 0.99), (0, 24))),
    "conference": (0.10, Habit((60, 120), (300, 900), (0.30, 0.60), (0.75, 0.95), (8, 19))),
}
"""Kinds of honest callers and their shares."""
FRAUDS: Final[Mapping[str, Habit]] = {
    "slow PBX hack": Habit((250, 450), (150, 280), (0.03, 0.10), (0.88, 0.97), (0, 24)),
    "mixed pumping": Habit((130, 260), (250, 450), (0.02, 0.06), (0.90, 0.98), (7, 23)),
    "slow wangiri": Habit((150, 350), (20, 40), (0.75, 0.95), (0.36, 0.50), (0, 24)),
}
"""Slow and mixed frauds: every number of theirs is somebody's honest one."""


def honest(days: int, rng: np.random.Generator) -> Moments:
    """Moments of so many honest callers, each on its second day."""
    names, shares = list(HONEST), [share for share, _ in HONEST.values()]
    drawn = rng.choice(len(names), size=days, p=shares).tolist()
    habits = [HONEST[names[one]][1] for one in drawn]
    return joined([_moments(key + 1, *_calls(habit, rng)) for key, habit in enumerate(habits)])


def frauds(name: str, days: int, rng: np.random.Generator) -> Moments:
    """Moments of so many frauds of a kind, each on its second day."""
    return joined([_moments(key + 1, *_calls(FRAUDS[name], rng)) for key in range(days)])


def joined(parts: list[Moments]) -> Moments:
    """Some moments, one after another."""
    return Moments._make(np.concatenate(column) for column in zip(*parts, strict=True))


def _calls(habit: Habit, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Two days of one caller: when calls begin (ms), how long they are answered (ms), with whom."""
    own = [float(rng.uniform(*span)) for span in habit[:4]]
    (start, *first), (later, *second) = _day(own, habit.hours, rng), _day(own, habit.hours, rng)
    talked, party = (np.concatenate(both) for both in zip(first, second, strict=True))
    return np.concatenate([start, later + DAY_MS]), talked, party


def _day(own: Sequence[float], hours: Range, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    calls, mean_s, others, answered = own
    many = int(rng.poisson(calls)) + 2
    start = np.sort(rng.uniform(*hours, many) * 3_600_000).astype(np.int64)
    talked = np.where(rng.random(many) < answered, rng.exponential(mean_s * 1000.0, many) + 1.0, 0.0).astype(np.int64)
    return start, talked, rng.integers(0, max(1, round(others * many)), many)


def _moments(key: int, start: Ints, talked: Ints, party: Ints) -> Moments:
    """Count what the windows hold on the second day."""
    at = np.arange(DAY_MS, 2 * DAY_MS, EVERY_MS)
    end, order = start + RING_MS + talked, np.argsort(start + RING_MS + talked)
    span = np.array(WINDOWS_MS)
    begun = _between(start, at, span)
    over = _between(end[order], at, span)
    summed = {name: _summed(column[order], over) for name, column in _columns(talked).items()}
    picked = _between((start + RING_MS)[talked > 0], at, span)
    met, shape = _distinct(party, begun), (len(at), len(span))
    return Moments(
        kind=np.full(len(at), Kind.CALLER, np.uint8),
        key=np.full(len(at), key, np.uint64),
        at_ms=BEGIN_MS + at,
        attempts=begun[1] - begun[0],
        refused=np.zeros(shape, np.int64),
        answered=picked[1] - picked[0],
        ended=over[1] - over[0],
        distinct=met,
        exact=np.ones(shape, np.bool_),
        usual=np.full(len(at), np.nan),
        known_ms=at,
        **summed,
    )


def _columns(talked: Ints) -> dict[str, Ints]:
    """What is added up over calls that ended."""
    brief = (talked > 0) & (talked < SHORT_MS)
    return {"talked": (talked > 0).astype(np.int64), "short": brief.astype(np.int64), "duration_ms": talked}


def _between(times: Ints, at: Ints, span: npt.NDArray[np.int64]) -> tuple[Ints, Ints]:
    """Positions int64[at, windows] in sorted times: the first in a window, and the first after it."""
    after = np.searchsorted(times, at, side="right")
    first = np.searchsorted(times, at[:, None] - span, side="right")
    return first, np.broadcast_to(after[:, None], first.shape)


def _summed(column: Ints, over: tuple[Ints, Ints]) -> Ints:
    total = np.append(0, np.cumsum(column))
    return np.asarray(total[over[1]] - total[over[0]])


def _distinct(party: Ints, begun: tuple[Ints, Ints]) -> Ints:
    """How many parties are in each window: those whose call before is not."""
    before = np.full(len(party), -1)
    last: dict[int, int] = {}
    for place, one in enumerate(party.tolist()):
        before[place] = last.get(one, -1)
        last[one] = place
    pairs = zip(begun[0].ravel().tolist(), begun[1].ravel().tolist(), strict=True)
    return np.array([np.count_nonzero(before[a:b] < a) for a, b in pairs]).reshape(begun[0].shape)
