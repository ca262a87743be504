"""Fingerprints at several sizes: ns per row judged, the worst call of `CALL` rows, bytes per fingerprint, loading.

One source; every row is new, and what is kept for ten minutes stays as much. CPU time.
"""

import sys
import time

import numpy as np
import numpy.typing as npt

from models.admission import Admission
from models.fingerprints import TICK_MS, Fingerprints, Prints
from models.row_table import COLUMNS, Rows, rows_from

BEGIN_MS = 1_795_000_000_000
KEEP_MS = 600_000
CALL = 4_000
PAGE = 1 << 20
LIVING = (100_000, 1_000_000, 10_000_000, 20_000_000)


def rows(first: int, living: int, rng: np.random.Generator) -> Rows:
    """Rows number `first` on of a stream that has `living` in ten minutes."""
    columns = {name: np.zeros(CALL, dtype) for name, dtype in COLUMNS.items()}
    columns["when"] = columns["high"] = BEGIN_MS + np.arange(first, first + CALL) * KEEP_MS // living
    columns["copy"] = rng.integers(0, 1 << 63, CALL, np.uint64) | np.uint64(1 << 63)
    return rows_from(columns, ("",))


def judged_ns(admission: Admission, first: int, many: int, living: int) -> npt.NDArray[np.int64]:
    """Wall time of each call that judges new rows."""
    rng, times = np.random.default_rng(first), []
    for number in range(first, first + many, CALL):
        batch = rows(number, living, rng)
        begin = time.thread_time_ns()
        admission.judge(batch)
        times.append(time.thread_time_ns() - begin)
    return np.array(times)


def measured(living: int) -> None:
    """Print the line of one size."""
    admission = Admission(KEEP_MS, KEEP_MS)
    admission.source(0)
    grow = judged_ns(admission, 0, living, living)
    stay = judged_ns(admission, living, living, living)
    size = admission.nbytes / living
    print(
        f"{living:>12,}{grow.mean() / CALL:>8.0f}{np.median(grow) / CALL:>8.0f}{grow.max() / 1e6:>8.1f}"
        f"{stay.mean() / CALL:>8.0f}{np.median(stay) / CALL:>8.0f}{stay.max() / 1e6:>8.1f}{size:>8.1f}",
        flush=True,
    )


def loaded(many: int) -> None:
    """Print how fast pages are packed, unpacked and loaded."""
    rng, prints = np.random.default_rng(0), Fingerprints()
    now = BEGIN_MS // TICK_MS
    ticks = rng.integers(now, now + KEEP_MS // TICK_MS, many).astype(np.uint32)
    pages = [*Prints(rng.integers(0, 1 << 63, many, np.uint64), ticks).pages(PAGE)]
    begin = time.thread_time()
    packed = [(page.packed(), page.until) for page in pages]
    middle = time.thread_time()
    for content, until in packed:
        prints.load(Prints.unpacked(content, until), now)
    took = time.thread_time() - middle
    size = sum(len(part) for content, _ in packed for part in content) / many
    print(
        f"pack {many / (middle - begin) / 1e6:.0f} M/s, load {many / took / 1e6:.1f} M/s, {size:.1f} B each on a page"
    )


def main() -> None:
    """Print the table; sizes can be given."""
    warm = Admission(KEEP_MS, KEEP_MS)
    warm.source(0)
    judged_ns(warm, 0, CALL, CALL)
    warm.load(Prints(np.zeros(1, np.uint64), np.zeros(1, np.uint32)))
    print(
        f"{'living':>12}{'grow ns':>8}{'median':>8}{'max ms':>8}{'stay ns':>8}{'median':>8}{'max ms':>8}{'B each':>8}"
    )
    for living in [int(text) for text in sys.argv[1:]] or LIVING:
        measured(living)
    loaded(LIVING[-1])


if __name__ == "__main__":
    main()
