"""Plans with bundles: the share of a plan's calls to a destination that cost its customers nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from models.learning.cells import CODE, COUNT, FINAL, FIRST, FREE, LAST, PAID, PLAN, SETUP, STAGE
from models.learning.groups import Ints, Mask
from models.learning.proposals import Bundle
from models.prices import Price

ENOUGH: Final = 30
"""Rated and allowed calls of a plan to a destination, below which a share says little."""
SHARE_MIN: Final = 0.02
"""Below it, zeros are strays: the free share before an episode that design section 5 takes for a paid destination."""
ALLOWANCE: Final = COUNT + Price.ALLOWANCE


def bundles(table: Ints, left: Mask, plans: Sequence[str], country: Callable[[str], str]) -> list[Bundle]:
    """The plans with bundles, by plan and calling code.

    Args:
        table: cells.
        left: bool[cells], whose free calls no free prefix explains.
        plans: names by id; calls without a plan are a plan without a name.
        country: the name of a calling code's country.
    """
    return sorted(_found(table, left, plans, country), key=lambda one: (one.plan, one.destination))


def _found(table: Ints, left: Mask, plans: Sequence[str], country: Callable[[str], str]) -> Iterator[Bundle]:
    nothing = ((table[:, FREE] > 0) & left) | (table[:, ALLOWANCE] > 0)
    for plan, code in np.unique(table[nothing][:, [PLAN, CODE]], axis=0).tolist():
        mine = (table[:, PLAN] == plan) & (table[:, CODE] == code)
        calls = max((_counts(table, left, mine & (table[:, STAGE] == stage)) for stage in (SETUP, FINAL)), key=sum)
        allowance, free, paid = calls
        if sum(calls) >= ENOUGH and allowance + free >= SHARE_MIN * sum(calls):
            first, last = int(table[mine, FIRST].min()), int(table[mine, LAST].max())
            share = round((allowance + free) / sum(calls), 4)
            declared = "partly" if allowance and free else "yes" if allowance else "no"
            names = plans[plan], f"+{code}", country(str(code))
            yield Bundle(*names, sum(calls), allowance, free, paid, share, declared, first, last)


def _counts(table: Ints, left: Mask, mine: Mask) -> tuple[int, int, int]:
    """Allowed, free and paid calls; a call is counted at the stage that tells most."""
    free = int(table[mine & left, FREE].sum())
    return int(table[mine, ALLOWANCE].sum()), free, int(table[mine, PAID].sum())
