"""What an incident cost and what its block saved, in calls and money, as far as recorded events tell.

A free call costs its expected price a minute times its duration. Durations come from the ends of the calls under the
target that were not paid, the unanswered among them; a call whose end is not known gets the mean of these if they are
`ENOUGH`, else the mean of all international calls that were read, else `ASSUMED_S`.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

import numpy as np

from streams.report.case import (
    BEFORE,
    BLOCK,
    ENDED,
    ENDED_MS,
    FREE_ENDS,
    FREE_SETUPS,
    PAID_ENDS,
    PAID_SETUPS,
    REFUSED,
    SETUPS,
    SHADOW,
    Case,
    Ints,
)
from streams.report.markup import shown

ASSUMED_S: Final = 180
"""Of a call where nothing is known of any: a guess, and the page says that it is one."""
UNIT_MAX: Final = 12
"""Characters of a currency that are shown; ISO 4217 has three, an event may have any."""
ENOUGH: Final = 20
"""Calls whose mean duration says more of the others than the mean of all calls does."""
MINUTE_MS: Final = 60_000
CENT: Final = Decimal("0.01")


class Worth(NamedTuple):
    """Calls and money of one incident.

    Attributes:
        before: free calls that began before the finding; the proof's among them.
        through: free calls that began while no block stood, `before` among them.
        stopped: free calls that began under a block.
        shadowed: free calls that began under a command in shadow mode, among those let through.
        paid_stopped: calls with a price that began under a block: who made them would have been refused.
        other_stopped: calls without a price that began under a block.
        attempts_stopped: all calls that began under a block.
        refused: calls that came back refused, as in a simulation.
        mean_s: the duration that calls of unknown length get, seconds.
        measured: calls whose end told how long they were.
        source: where `mean_s` comes from: `own`, `file` or `assumed`.
        lost: of the calls let through, in `currency`; None where no price is expected.
        saved: of those stopped.
        currency: of both; empty where it is not known.
    """

    before: int
    through: int
    stopped: int
    shadowed: int
    paid_stopped: int
    other_stopped: int
    attempts_stopped: int
    refused: int
    mean_s: float
    measured: int
    source: str
    lost: Decimal | None
    saved: Decimal | None
    currency: str


def worth_of(case: Case, file_ended: int, file_ms: int) -> Worth:
    """What is known of an incident; `file_ended` international calls that were read took `file_ms`."""
    free = np.maximum(case.calls[:, FREE_SETUPS], case.calls[:, FREE_ENDS])
    free[BEFORE] = max(case.counted + case.calls[BEFORE, FREE_SETUPS], case.calls[BEFORE, FREE_ENDS])
    paid = int(max(case.calls[BLOCK, PAID_SETUPS], case.calls[BLOCK, PAID_ENDS]))
    attempts, stopped = int(case.calls[BLOCK, SETUPS]), int(free[BLOCK])
    mean_ms, source = _mean(case.calls, file_ended, file_ms)
    money = _money(case, free, mean_ms)
    return Worth(
        before=int(free[BEFORE]),
        through=int(free.sum()) - stopped,
        stopped=stopped,
        shadowed=int(free[SHADOW]),
        paid_stopped=paid,
        other_stopped=max(0, attempts - stopped - paid),
        attempts_stopped=attempts,
        refused=int(case.calls[:, REFUSED].sum()),
        mean_s=round(mean_ms / 1000, 1),
        measured=int(case.calls[:, ENDED].sum()),
        source=source,
        lost=money and money[0],
        saved=money and money[1],
        currency=shown(case.evidence.get("currency") or "", most=UNIT_MAX),
    )


def _mean(calls: Ints, file_ended: int, file_ms: int) -> tuple[float, str]:
    ended = int(calls[:, ENDED].sum())
    if ended >= max(1, min(ENOUGH, file_ended)):
        return int(calls[:, ENDED_MS].sum()) / ended, "own"
    if file_ended:
        return file_ms / file_ended, "file"
    return ASSUMED_S * 1000.0, "assumed"


def _money(case: Case, free: Ints, mean_ms: float) -> tuple[Decimal, Decimal] | None:
    """What was lost and saved; None where nothing says what a call should cost."""
    rate = case.evidence.get("expected_rate")
    if rate is None:
        return None
    unknown = np.maximum(free - case.calls[:, ENDED], 0)
    unknown_ms = np.rint(unknown * mean_ms).astype(np.int64)
    ms = np.where(free > 0, case.calls[:, ENDED_MS] + unknown_ms, 0)
    stopped = int(ms[BLOCK])
    return _cost(rate, int(ms.sum()) - stopped), _cost(rate, stopped)


def _cost(rate: object, ms: int) -> Decimal:
    return (Decimal(str(rate)) * ms / MINUTE_MS).quantize(CENT, ROUND_HALF_EVEN)
