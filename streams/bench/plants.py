"""Planted leaks: rows of the rate table that turn free one after the other, each on a prefix never used before; pure.

All are under one calling code that nobody else calls, so that background traffic proves or disproves nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import orjson

UNDER = "+431"
LEADS, TAILS = 10, 50
"""Prefixes that there are: a leading digit, another, and an even one; the odd ones between are paid and bound them."""
LEAKS_MAX = LEADS * TAILS
GUARD_MS = 250
"""A paid call beside the prefix comes this long before its first free call: neighbours' leaks do not grow together."""
APART_MS = 60
EVERY_MS = 200
"""Time between two leaks; those that follow each other have other leading digits."""
PAYERS = 3
PROOF_MS = 1_000
"""The proof of a leak that begins at 0 is over by then."""
MEND_MS = 2_500
"""After its last free call a leak is mended: two paid calls end it, so that few leaks stand at a time."""
HISTORY = 3_000
"""Paid calls under the calling code before the first leak."""
FIRST_PAYER = 5_000_000


class Planted(NamedTuple):
    """One event of a plant: when it is sent (ms on the schedule), its record, and the leak that it proves, if any."""

    at_ms: int
    key: bytes
    value: bytes
    leak: str | None


def history(rng: np.random.Generator, begin_ms: int, span_ms: int) -> list[Planted]:
    """Paid calls all over the calling code, spread over `span_ms`."""
    numbers = rng.integers(0, 10**8, HISTORY)
    times = np.sort(rng.integers(0, span_ms, HISTORY))
    calls = zip(range(HISTORY), times.tolist(), numbers.tolist(), strict=True)
    return [_event(begin_ms, at, f"{UNDER}{number:08d}", payer, free=False) for payer, at, number in calls]


def plants(rng: np.random.Generator, begin_ms: int, first_ms: int, numbers: range) -> list[Planted]:
    """Leaks, one every `EVERY_MS` from `first_ms` on, in the order of their times.

    Times are on the schedule's clock; event times are `begin_ms` later. A leak's number, below `LEAKS_MAX`, says who
    calls: give each but once while a service runs.
    """
    tails = rng.permuted(np.tile(np.arange(TAILS), (LEADS, 1)), axis=1)
    events: list[Planted] = []
    for place, nth in enumerate(numbers):
        lead, tail = nth % LEADS, int(tails[nth % LEADS, nth // LEADS])
        prefix = f"{UNDER}{lead}{tail // 5}{tail % 5 * 2}"
        events += _leak(rng, begin_ms, first_ms + place * EVERY_MS, FIRST_PAYER + nth * 10, prefix)
    return sorted(events, key=lambda event: event.at_ms)


def _leak(rng: np.random.Generator, begin_ms: int, at_ms: int, payer: int, prefix: str) -> Iterator[Planted]:
    """A paid call beside it, free calls of several payers to different next digits, and the mend."""
    digits, rest = rng.permutation(10).tolist(), rng.integers(0, 10**4, 10).tolist()
    called = [f"{prefix}{digit}{tail:04d}" for digit, tail in zip(digits, rest, strict=True)]
    yield _event(begin_ms, at_ms - GUARD_MS, f"{prefix[:-1]}9{rest[9]:05d}", payer, free=False)
    for caller in range(PAYERS):
        free = _event(begin_ms, at_ms + caller * APART_MS, called[caller], payer + 1 + caller, free=True)
        yield free._replace(leak=prefix)
    mend_ms = at_ms + PAYERS * APART_MS + MEND_MS
    for caller in range(2):
        yield _event(begin_ms, mend_ms + caller * APART_MS, called[3 + caller], payer + 5 + caller, free=False)


def _event(begin_ms: int, at_ms: int, called: str, payer: int, *, free: bool) -> Planted:
    call_id = f"plant-{payer}-{at_ms}@cas-msc-0"
    value = {
        "v": 1,
        "event": "attempt",
        "call_id": call_id,
        "ts": begin_ms + at_ms,
        "caller": f"+2127{payer:08d}",
        "dialled": f"00{called[1:]}",
        "called": called,
        "called_type": "international",
        "account": f"plant-{payer}",
        "plan": "prepaid",
        "switch": "cas-msc-0",
        "trunk": "T-AT",
        "rate": "0" if free else "4.00",
        "currency": "MAD",
    }
    return Planted(at_ms, call_id.encode(), orjson.dumps(value), None)
