"""All leaks of the suite by their names."""

from collections.abc import Callable

from scenarios import frauds_cold, frauds_late, frauds_life, frauds_narrow, frauds_wide
from scenarios.scenario import Scenario

FRAUDS: dict[str, Callable[[int], Scenario]] = {
    made.__name__: made
    for group in (frauds_wide, frauds_narrow, frauds_cold, frauds_late, frauds_life)
    for made in group.LEAKS
}
