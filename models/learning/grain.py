"""How finely a history is told apart: number by number at first, coarser step by step where memory would run out.

Cells are merged to the next grain as soon as they are too many. Which grain is reached depends only on what the
history holds, not on its order: merging only ever makes cells fewer, and cells seen stay seen.
"""

from typing import Final, NamedTuple

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
ALL_MS: Final = 100_000 * 28 * DAY_MS
"""A stretch that holds every time that an event can show: all of history is one."""


class Grain(NamedTuple):
    """What two calls must share to be counted in one cell.

    Attributes:
        digits: first digits of the called number, padded to 15; at least 4, and so the calling code.
        width_ms: length of the stretches of time.
        switches: switches are told apart.
        plans: plans are.
    """

    digits: int
    width_ms: int
    switches: bool = True
    plans: bool = True

    def described(self) -> str:
        """The grain in words for a report.

        >>> Grain(7, HOUR_MS).described()
        'numbers by their first 7 digits, times by 1 h'
        """
        numbers = "whole numbers" if self.digits == 15 else f"numbers by their first {self.digits} digits"
        hours = self.width_ms / HOUR_MS
        times = f"times by {hours:g} h" if self.width_ms < ALL_MS else "times not told apart"
        lost = ["switches"] * (not self.switches) + ["plans"] * (not self.plans)
        return ", ".join([numbers, times, *(f"{one} not told apart" for one in lost)])


GRAINS: Final = (
    *(Grain(digits, HOUR_MS // 4) for digits in range(15, 8, -1)),
    Grain(9, HOUR_MS),
    Grain(8, HOUR_MS),
    Grain(7, HOUR_MS),
    Grain(7, 4 * HOUR_MS),
    Grain(6, 4 * HOUR_MS),
    Grain(6, DAY_MS),
    Grain(5, DAY_MS),
    Grain(5, 7 * DAY_MS),
    Grain(4, 7 * DAY_MS),
    Grain(4, 28 * DAY_MS),
    Grain(4, ALL_MS),
    Grain(4, ALL_MS, switches=False),
    Grain(4, ALL_MS, switches=False, plans=False),
)
"""From the finest to the coarsest; each width is a multiple of the one before. The last has at most 20,000 cells."""
