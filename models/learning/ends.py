"""Switches that price only at the end: zero, or nothing, at set-up, and a charge at release."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.evidence import OTHER_ID
from models.learning.cells import COUNT, FINAL, FREE, PAID, SETUP, STAGE, SWITCH
from models.learning.groups import Ints, Mask
from models.learning.proposals import EndPriced
from models.prices import Price

ENOUGH: Final = 30
"""Set-ups, and ends with a price, below which a switch's habit is not known."""
PAID_SET_UPS_MAX: Final = 0.01
"""Set-ups with a price, as a share: a stray one does not make a witness of a switch."""
PAID_ENDS_MIN: Final = 0.5
"""Ends that were charged, as a share of those with a price."""


def end_priced(table: Ints, switches: Sequence[str]) -> list[EndPriced]:
    """The switches that price only at the end, in order of name.

    Args:
        table: cells (`models.learning.cells`).
        switches: names by id; 0 is none, 1 all that have no id.
    """
    told = [(number, name) for number, name in enumerate(switches) if number > OTHER_ID]
    found = (_habit(table[table[:, SWITCH] == number], name) for number, name in told)
    return sorted((one for one in found if one is not None), key=lambda one: one.switch)


def _habit(cells: Ints, name: str) -> EndPriced | None:
    set_up, end = cells[cells[:, STAGE] == SETUP], cells[cells[:, STAGE] == FINAL]
    zero, paid = int(set_up[:, FREE].sum()), int(set_up[:, PAID].sum())
    unrated = int(set_up[:, COUNT + Price.UNRATED].sum())
    ends_free, ends_paid = int(end[:, FREE].sum()), int(end[:, PAID].sum())
    silent = zero + unrated >= ENOUGH and paid <= PAID_SET_UPS_MAX * (zero + unrated + paid)
    charges = ends_paid >= ENOUGH and ends_paid >= PAID_ENDS_MIN * (ends_paid + ends_free)
    return EndPriced(name, zero, unrated, ends_paid, ends_free) if silent and charges else None


def is_no_witness(table: Ints, names: Sequence[str], found: Sequence[EndPriced]) -> Mask:
    """Which cells are set-ups of these switches, bool[cells]: their zeros say nothing about a price."""
    chosen = {one.switch for one in found}
    ids = [number for number, name in enumerate(names) if number and name in chosen]
    silent: Mask = (table[:, STAGE] == SETUP) & np.isin(table[:, SWITCH], ids)
    return silent
