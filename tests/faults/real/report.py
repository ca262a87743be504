"""The table at the end."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from rich.table import Table

from tests.faults.real.left import Comparison
from tests.faults.real.schedule import ROLES


def table(
    kills: Counter[str], counts: Counter[str], times_s: Mapping[str, Sequence[float]], comparison: Comparison
) -> Table:
    """What was done, how long recovery took, what was compared, and how much differs."""
    found = Table("", "", title="What was broken, and what came of it", title_justify="left")
    for name, value in _rows(kills, counts, times_s, comparison):
        found.add_row(name, value)
    return found


def _rows(
    kills: Counter[str], counts: Counter[str], times_s: Mapping[str, Sequence[float]], comparison: Comparison
) -> Iterator[tuple[str, str]]:
    for role in ROLES:
        yield f"kill -9 of the {role}", str(kills[role])
    for act, times in sorted(counts.items()):
        yield act, str(times)
    for role in ROLES:
        if measured := times_s.get(role):
            spread = f"median {median(measured):.1f} s, worst {max(measured):.1f} s, of {len(measured)}"
            yield f"{role} has caught up after a kill", spread
    for name, number in comparison.made.items():
        yield f"compared: {name}", f"{number:,}"
    yield "differences", f"{len(comparison.differences):,}"
