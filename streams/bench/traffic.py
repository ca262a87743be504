"""The calls of a load: a million callers by Zipf's law, some thirty countries, look-alikes and a few leaks; pure.

Everything is drawn column by column from one seed, so that millions of calls take seconds. Who calls is as the issue
of the hot path asks; what calls cost is a network's ordinary table, so that the rules see what they see in life.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CALLERS = 1_000_000
CALLER_ZIPF = 1.1
CALLED = 1_000_000
CALLED_ZIPF = 0.9
"""Numbers that are called at one destination: flatter than callers, as nobody is called an eighth of the time."""
CDR_SHARE = 0.25
"""Calls that come as one record."""
ANSWERED_SHARE = 0.6
EVENTS_PER_CALL = CDR_SHARE + (1 - CDR_SHARE) * (2 + ANSWERED_SHARE)
RINGING_MS = 4_000
LONGEST_S = 90
LEAD_MS = RINGING_MS + LONGEST_S * 1000
"""Calls begin this long before the first event is sent, so that every kind of event is there from the start."""
SPREAD = 48_271
"""Multiplier that scatters ranks over a number range; it has no factor in common with a power of ten."""
FREE_BEGIN = 0.3
"""Part of the load after which rows of the rate table turn free: before, their prefixes have a paid history."""


class Destination(NamedTuple):
    """Numbers of one price: `digits` follow the prefix; `price` in hundredths a minute, `weight` among all calls."""

    prefix: int
    digits: int
    price: int
    weight: float
    kind: str = "international"


HOME = Destination(2125, 8, 100, 60.0, "national")
VOICEMAIL = Destination(333, 0, 0, 5.0, "short")
FREEPHONE = Destination(351800, 6, 0, 0.0)
ABROAD = (
    *(Destination(prefix, 8, 350, 1.6) for prefix in (331, 332, 334, 335, 336, 337)),
    Destination(333, 8, 350, 0.8),
    *(Destination(prefix, 8, 300, 1.5) for prefix in (346, 349)),
    *(Destination(prefix, 8, 400, 0.9) for prefix in (4420, 4477, 3906, 3933)),
    *(Destination(prefix, 7, 420, 0.7) for prefix in (1212, 1514, 4930, 4915, 3161, 3120)),
    *(Destination(prefix, 7, 450, 0.5) for prefix in (3225, 4178, 4670, 35193, 9665, 97150, 2165, 21377)),
    *(Destination(prefix, 7, 600, 0.2) for prefix in (22177, 22507, 23480, 24381, 9055, 9198, 8613, 5511, 6129, 8190)),
)
DESTINATIONS = (HOME, VOICEMAIL, FREEPHONE, *ABROAD)
FIRST_ABROAD = DESTINATIONS.index(ABROAD[0])
LEAKS = (33377, 34655, 442073, 121255, 390688)
"""Prefixes whose row turns free on the way: a hundredth of a destination each."""

ORDINARY, DECLARED, ALLOWANCE, REDIAL, FORWARDED = range(5)
"""Why a call is free though nothing leaks."""
FREE_WEIGHTS = {DECLARED: 0.45, ALLOWANCE: 0.30, REDIAL: 0.10, FORWARDED: 0.15}


@dataclass(frozen=True, slots=True)
class Calls:
    """Planned calls in the order of their starts; one element per call and column.

    Attributes:
        start: ms since the first call; events are sent from `LEAD_MS` on.
        caller: rank of the caller, from 0; who pays, his plan and switch follow from it.
        destination: position in `DESTINATIONS`.
        called: all digits as a number.
        answered: whether somebody answers.
        tenths: answered duration in tenths of a second; 0 where nobody answers.
        cdr: whether the call comes as one record.
        why: `ORDINARY`, or why it is free.
        free: whether the call is rated free.
        ident: 64 bits of the call's id.
    """

    start: Ints
    caller: Ints
    destination: Ints
    called: Ints
    answered: Mask
    tenths: Ints
    cdr: Mask
    why: Ints
    free: Mask
    ident: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.start)


def zipf(rng: np.random.Generator, size: int, ranks: int, exponent: float) -> Ints:
    """Draw ranks from 0 to `ranks` - 1 with probabilities that fall as (rank + 1) to the power -`exponent`."""
    cumulated = np.cumsum(np.arange(1, ranks + 1, dtype=np.float64) ** -exponent)
    drawn: Ints = np.searchsorted(cumulated, rng.random(size) * cumulated[-1]).astype(np.int64)
    return drawn


def plan_calls(
    rng: np.random.Generator, count: int, span_ms: int, free_share: float, exponent: float = CALLER_ZIPF
) -> Calls:
    """Plan `count` calls that start within `span_ms`; `free_share` of them are free for reasons of their own.

    `exponent` is that of Zipf's law for callers; 0 = they call in turn, all alike.
    """
    start = np.sort(rng.integers(0, max(1, span_ms), count))
    caller = zipf(rng, count, CALLERS, exponent) if exponent else rng.permutation(CALLERS)[np.arange(count) % CALLERS]
    weights = np.array([place.weight for place in DESTINATIONS])
    destination = rng.choice(len(DESTINATIONS), count, p=weights / weights.sum())
    why = np.zeros(count, np.int64)
    odd = rng.random(count) < free_share
    why[odd] = rng.choice(list(FREE_WEIGHTS), int(odd.sum()), p=list(FREE_WEIGHTS.values()))
    abroad = rng.integers(FIRST_ABROAD, len(DESTINATIONS), count)
    destination = np.where((why > DECLARED) & (destination < FIRST_ABROAD), abroad, destination)
    destination[why == DECLARED] = DESTINATIONS.index(FREEPHONE)
    redials = why == REDIAL
    caller[redials] = CALLERS - 1 - destination[redials]  # one payer a destination, who calls one number
    called = _called(destination, np.where(redials, 0, zipf(rng, count, CALLED, CALLED_ZIPF)))
    answered = rng.random(count) < ANSWERED_SHARE
    tenths = np.where(answered, rng.integers(20, LONGEST_S * 10, count), 0)
    cdr = rng.random(count) < CDR_SHARE
    free = (why != ORDINARY) | (leaking(called) & (start >= FREE_BEGIN * span_ms))
    ident = rng.integers(0, 2**64, count, dtype=np.uint64)
    return Calls(start, caller, destination, called, answered, tenths, cdr, why, free, ident)


def _called(destination: Ints, rank: Ints) -> Ints:
    """The number of each rank at each destination."""
    prefix = np.array([place.prefix for place in DESTINATIONS])[destination]
    room = 10 ** np.array([place.digits for place in DESTINATIONS])[destination]
    called: Ints = prefix * room + rank * SPREAD % room
    return called


def leaking(called: Ints) -> Mask:
    """Which numbers are under a row that turns free.

    >>> leaking(np.array([33377123456, 33378123456])).tolist()
    [True, False]
    """
    found = np.zeros(called.size, np.bool_)
    for prefix in LEAKS:
        digits = next(len(str(d.prefix)) + d.digits for d in ABROAD if str(prefix).startswith(str(d.prefix)))
        found |= called // 10 ** (digits - len(str(prefix))) == prefix
    return found


ATTEMPT, ANSWER, RELEASE, CDR = range(4)


class Reports(NamedTuple):
    """Events in the order in which they are sent: their call, kind, and when (ms since the first call)."""

    call: Ints
    kind: Ints
    sent: Ints

    def take(self, which: Any) -> "Reports":
        """Some of them."""
        return Reports(*(column[which] for column in self))


def report(rng: np.random.Generator, calls: Calls, duplicates: float) -> Reports:
    """Say what the switches send of the calls, copies a little later among them."""
    position = np.arange(len(calls))
    end = calls.start + RINGING_MS + calls.tenths * 100
    signalled, answered = position[~calls.cdr], position[~calls.cdr & calls.answered]
    told = [
        (signalled, ATTEMPT, calls.start),
        (answered, ANSWER, calls.start + RINGING_MS),
        (signalled, RELEASE, end),
        (position[calls.cdr], CDR, end),
    ]
    call = np.concatenate([which for which, _, _ in told])
    kind = np.concatenate([np.full(which.size, number) for which, number, _ in told])
    sent = np.concatenate([when[which] for which, _, when in told])
    again = np.flatnonzero(rng.random(call.size) < duplicates)
    later = sent[again] + rng.integers(1, 2_000, again.size)
    reports = Reports(
        np.concatenate([call, call[again]]), np.concatenate([kind, kind[again]]), np.concatenate([sent, later])
    )
    in_order = np.argsort(reports.sent, kind="stable")
    return reports.take(in_order[np.searchsorted(reports.sent[in_order], LEAD_MS) :])
