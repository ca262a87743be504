"""Answered calls per minute of event time: in all, and per prefix of one calling code (what a block would touch)."""

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from models.packing import pack, unpack

MINUTE_MS = 60_000
HOUR_MINUTES = 60
KEEP_MINUTES = 180
"""An hour, and room for prices that come with call records up to two hours late."""
PREFIX_DIGITS = 7
"""Digits of the called number that are told apart; a longer prefix is counted as its first seven: never too few."""

Ints = npt.NDArray[np.int64]


@nb.njit(cache=True)
def turns(source: npt.NDArray[np.int32], high: Ints, seen: Ints) -> Ints:
    """Positions of rows with which a source partition enters a new minute: what came before it can be told.

    Args:
        source: int32[rows], number of the source partition.
        high: int64[rows], highest event time (ms) of that partition so far.
        seen: int64[sources], the minute that each had reached; brought up to date.
    """
    turned, many = np.empty(source.size, np.int64), 0
    for i in range(source.size):
        minute = high[i] // MINUTE_MS
        if minute > seen[source[i]]:
            seen[source[i]] = minute
            turned[many] = i
            many += 1
    return turned[:many]


@nb.njit(cache=True)
def _tallied(ts: Ints) -> Ints:
    """Minutes of times (ms) and how many are in each, int64[minutes, 2]: few minutes, as calls come nearly in order."""
    tally, count, at = np.empty((ts.size, 2), np.int64), 0, 0
    for i in range(ts.size):
        minute = ts[i] // MINUTE_MS
        if at == count or tally[at, 0] != minute:
            at = 0
            while at < count and tally[at, 0] != minute:
                at += 1
        if at == count:
            tally[at] = minute, 0
            count += 1
        tally[at, 1] += 1
    return tally[:count]


class AnsweredTotals:
    """Answered calls per minute of one rows partition; a minute is told again when late calls changed it.

    What is told of a minute never shrinks: calls of one that was forgotten are not counted any more.
    """

    def __init__(self) -> None:
        self.minutes: dict[int, int] = {}
        self._changed: set[int] = set()
        self._kept_from = 0

    def add(self, ts: Ints) -> None:
        """Count calls answered at `ts` (ms)."""
        for minute, count in _tallied(ts).tolist():
            if minute >= self._kept_from:
                self.minutes[minute] = self.minutes.get(minute, 0) + count
                self._changed.add(minute)

    def close(self, now_minute: int) -> tuple[tuple[int, int], ...]:
        """Minutes before `now_minute` that changed since they were last told, as (minute, calls so far)."""
        told = sorted(minute for minute in self._changed if minute < now_minute)
        self._changed.difference_update(told)
        closed = tuple((minute, self.minutes[minute]) for minute in told)
        self._kept_from = max(self._kept_from, now_minute - KEEP_MINUTES)
        for minute in [m for m in self.minutes if m < self._kept_from]:
            del self.minutes[minute]
        return closed

    def snapshot(self) -> dict[str, Any]:
        """The totals as plain values."""
        return {
            "minutes": sorted(self.minutes.items()),
            "changed": sorted(self._changed),
            "kept_from": self._kept_from,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "AnsweredTotals":
        """The totals that `snapshot` described."""
        totals = cls()
        totals.minutes = {int(minute): int(count) for minute, count in state["minutes"]}
        totals._changed = {int(minute) for minute in state["changed"]}
        totals._kept_from = int(state["kept_from"])
        return totals


PREFIX, CIRCUMSTANCES, CALLS = range(3)
"""Columns of a minute's calls: called prefix; switch, trunk and plan in one number; how many."""
SWITCH_BITS, TRUNK_BITS = 32, 16
ID_MASK = (1 << 16) - 1
"""Ids of names are below 2^16 (`models.name_table.NAMES_MAX`)."""
NOTED_MAX = 16_384
"""Calls that are noted before they are summed up."""


@nb.njit(cache=True)
def _wanted(calls: Ints, first: int, end: int, wanted: int, mask: int) -> int:
    """Calls of a minute to prefixes in [first, end) in circumstances that are `wanted` where the mask is set."""
    found, i = 0, np.searchsorted(calls[:, PREFIX], first)
    while i < calls.shape[0] and calls[i, PREFIX] < end:
        if calls[i, CIRCUMSTANCES] & mask == wanted:
            found += calls[i, CALLS]
        i += 1
    return found


@nb.njit(cache=True)
def _merged(known: Ints, new: Ints) -> Ints:
    """Two sums of a minute's calls, each in order of prefix and circumstances, as one."""
    both, count, begin = np.empty((len(known) + len(new), 3), np.int64), 0, 0
    for j in range(len(new)):
        prefix, by = new[j, PREFIX], new[j, CIRCUMSTANCES]
        end = begin
        while end < len(known) and (known[end, PREFIX], known[end, CIRCUMSTANCES]) < (prefix, by):
            end += 1
        both[count : count + end - begin] = known[begin:end]
        count, begin = count + end - begin, end
        both[count, PREFIX], both[count, CIRCUMSTANCES], both[count, CALLS] = prefix, by, new[j, CALLS]
        if end < len(known) and known[end, PREFIX] == prefix and known[end, CIRCUMSTANCES] == by:
            both[count, CALLS] += known[end, CALLS]
            begin += 1
        count += 1
    both[count : count + len(known) - begin] = known[begin:]
    return both[: count + len(known) - begin]


class AnsweredPrefixes:
    """Answered calls of one calling code per minute, called prefix (7 digits), switch, trunk and plan.

    Calls are noted as they come, and summed up when somebody asks for their minute or many are noted.
    """

    def __init__(self) -> None:
        self._minutes: dict[int, Ints] = {}
        self._loose: dict[int, list[Ints]] = {}
        self._pages: dict[int, tuple[Any, ...]] = {}
        self._noted: list[Ints] = []
        self._count = 0

    def add(self, calls: Ints) -> None:
        """Count answered calls, int64[calls, ANSWERED_WIDTH]."""
        if len(calls):
            self._noted.append(calls)
            self._count += len(calls)
        if self._count > NOTED_MAX:
            self._sum_up()

    def _sort_out(self) -> None:
        """Bring what was noted to its minutes."""
        if self._noted:
            minutes, calls = _summed(np.concatenate(self._noted))
            self._noted = []
            at, begins = np.unique(minutes, return_index=True)
            for minute, new in zip(at.tolist(), np.split(calls, begins[1:]), strict=True):
                self._loose.setdefault(minute, []).append(new)

    def _calls(self, minute: int) -> Ints | None:
        """A minute's calls in order of prefix and circumstances, each once; None where nobody answered."""
        for new in self._loose.pop(minute, ()):
            known = self._minutes.get(minute)
            self._minutes[minute] = new if known is None else _merged(known, new)
            self._pages.pop(minute, None)
        return self._minutes.get(minute)

    def hour_before(self, ts: int, digits: str, wanted: tuple[int, int, int]) -> int:
        """Calls to `digits…` in the 60 whole minutes before `ts` (ms); `wanted` = switch, trunk, plan, 0 = any."""
        self._sort_out()
        digits = digits[:PREFIX_DIGITS]
        scale, last = 10 ** (PREFIX_DIGITS - len(digits)), ts // MINUTE_MS
        first, end = int(digits) * scale, (int(digits) + 1) * scale
        by, mask = _circumstances(wanted), _circumstances(tuple(ID_MASK * (one != 0) for one in wanted))
        minutes = map(self._calls, range(max(last - HOUR_MINUTES, self._oldest), last))
        return sum(_wanted(calls, first, end, by, mask) for calls in minutes if calls is not None)

    def _sum_up(self) -> None:
        """Drop the minutes that are too old beside the newest, and sum up the others."""
        self._sort_out()
        for minute in list(self._loose):
            self._calls(minute)
        for minute in [minute for minute in self._minutes if minute < self._oldest]:
            del self._minutes[minute]
            self._pages.pop(minute, None)
        self._count = 0

    @property
    def _oldest(self) -> int:
        """The first minute that is kept beside the newest."""
        return max(max(self._minutes, default=0), max(self._loose, default=0)) - KEEP_MINUTES

    def snapshot(self) -> list[tuple[int, Any]]:
        """The counts as plain values; a minute that has not changed since the last one is not packed again."""
        self._sum_up()
        for minute in self._minutes.keys() - self._pages.keys():
            self._pages[minute] = _packed(self._minutes[minute])
        return [(minute, self._pages[minute]) for minute in sorted(self._minutes)]

    @classmethod
    def restore(cls, state: list[Any]) -> "AnsweredPrefixes":
        """The counts that `snapshot` described."""
        answered = cls()
        answered._minutes = {int(minute): _unpacked(page) for minute, page in state}
        return answered


def _circumstances(dimensions: tuple[int, ...]) -> int:
    switch, trunk, plan = dimensions
    return switch << SWITCH_BITS | trunk << TRUNK_BITS | plan


def _summed(answered: Ints) -> tuple[Ints, Ints]:
    """Answered calls in order of minute, prefix and circumstances, each once: their minutes, and int64[calls, 3].

    One number says all three, and is quickly sorted: 54 years of minutes in 32,000 different circumstances fit.
    """
    _, minute, prefix, switch, trunk, plan = answered.T
    circumstances, which = np.unique(switch << SWITCH_BITS | trunk << TRUNK_BITS | plan, return_inverse=True)
    first, prefixes, scale = minute.min(), prefix.max() + 1, len(circumstances)
    keys, calls = np.unique(((minute - first) * prefixes + prefix) * scale + which, return_counts=True)
    minute, prefix = np.divmod(keys // scale, prefixes)
    return minute + first, np.column_stack([prefix, circumstances[keys % scale], calls])


def _packed(calls: Ints) -> tuple[Any, ...]:
    by = calls[:, CIRCUMSTANCES]
    dimensions = by >> SWITCH_BITS, by >> TRUNK_BITS & ID_MASK, by & ID_MASK
    return len(calls), *map(pack, (calls[:, PREFIX], *dimensions, calls[:, CALLS]))


def _unpacked(page: Any) -> Ints:
    size, *columns = page
    prefix, switch, trunk, plan, count = (unpack(column, size) for column in columns)
    calls: Ints = np.column_stack([prefix, switch << SWITCH_BITS | trunk << TRUNK_BITS | plan, count])
    return calls
