"""How sure a run of free calls makes us that a price has changed, and what that justifies (design, section 5).

The odds compare two stories of a run of f distinct payers whose calls were all free: a leak makes each free with
0.99; without one each is free with the share seen before. The second is a Krichevsky-Trofimov estimate over rated
calls, so that the product is a test martingale: by Ville's inequality honest traffic reaches odds of 10^k at a
start of a run with a probability of at most 10^-k (Grünwald et al., Safe Testing, 2024).
"""

import math
from collections.abc import Sequence

import msgspec
import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FREE_UNDER_LEAK = 0.99
"""Share of calls that a leaking row rates free: the rest is rounding, races with a mend."""
PRIOR_FREE = 0.5
"""Krichevsky-Trofimov: half a free call and half a paid one are assumed before anything was seen."""
FIT_BONUS = 50.0
"""Prior odds that a prefix which is `+` and a short code, or which `rate_key` names, is the mistake itself."""


class Limits(msgspec.Struct, frozen=True):
    """What the grades of evidence need; `enough` counts rated calls, `share_max` is the free share before."""

    enough: int = 300
    block_log10: float = 6.0
    limit_log10: float = 3.0
    share_max: float = 0.02
    payers_min: int = 2


class Before(msgspec.Struct, frozen=True):
    """Rated calls before a run: `free` of `free + paid`; `assumed` where a table stands in for them."""

    free: int
    paid: int
    assumed: bool = False

    @property
    def rated(self) -> int:
        """All rated calls."""
        return self.free + self.paid

    @property
    def share(self) -> float:
        """The free share of the rated calls, 0 where there were none."""
        return self.free / self.rated if self.rated else 0.0


def proving(own: Sequence[float] | Floats) -> Floats:
    """The chances of the payers who prove anything, the most telling first, float64[payers].

    Whoever is as likely free without a leak as under one says nothing: he neither counts nor dilutes the others.
    """
    chances = np.asarray(own, np.float64)
    telling: Floats = np.sort(chances[chances < FREE_UNDER_LEAK])
    return telling


@nb.njit(cache=True)
def _log10_odds(free: int, rated: int, own: Floats) -> float:
    total = 0.0
    for nth in range(own.size):
        usual = max((PRIOR_FREE + free + nth) / (1 + rated + nth), own[nth])
        total += max(0.0, math.log10(FREE_UNDER_LEAK / usual))
    return total


def log10_odds(before: Before, own: Sequence[float] | Floats, fits: bool) -> float:
    """Decimal logarithm of the odds that a run of `len(own)` payers is a leak.

    Args:
        before: rated calls before the run where it happened.
        own: for each payer the chance that his calls were free for reasons of his own (his plan, his switch, the
            very number called); 0 where nothing speaks for that. What was seen before gives the nth (from 0) payer of
            the run the chance (1/2 + F + n) / (1 + F + N + n); the greater of the two holds.
        fits: the prefix is `+` and a short code, or `rate_key` names it.

    >>> round(log10_odds(Before(0, 300), [0.0] * 3, fits=False), 2)
    7.15
    >>> round(log10_odds(Before(0, 300), [0.0] * 2, fits=True), 2)
    6.77
    """
    total: float = _log10_odds(before.free, before.rated, proving(own))
    return total + math.log10(FIT_BONUS) if fits else total


def grade(before: Before | None, odds: float, limits: Limits) -> tuple[str, str]:
    """What the evidence justifies and the reason's name: (`block` `limit` `held` `rejected`, why).

    `before` is None where nothing is known of the price: then a person decides.
    """
    if odds < limits.limit_log10:
        return "rejected", "weak_evidence"
    if before is None:
        return ("held", "no_history") if odds >= limits.block_log10 else ("rejected", "no_history")
    if before.share > limits.share_max:
        return ("held", "mixed_before") if odds >= limits.block_log10 else ("rejected", "mixed_before")
    if odds >= limits.block_log10:
        return "block", "free_where_paid_before"
    return "limit", "free_where_paid_before"
