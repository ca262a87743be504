"""Windows against their limit, a kernel that touches one cache line per row: ns per row and ratio, bytes per key.

Two kinds of traffic over 24 h: calls that fall on callers by Zipf's law with exponent 1.1, and four calls of each. Then
250,000 rows a second, so that every array is warm; and blocks of `FEW` rows, whose cost is that of a call. A flood is
of callers that are all new to a full table. CPU time, the best of `ROUNDS`.
"""

import time
from collections.abc import Callable, Iterator

import numba as nb
import numpy as np
import numpy.typing as npt

from models.events import EventKind
from models.row_table import FLAG_ANSWERED
from models.windows.table import STRIPES, Windows, warm
from models.windows.updating import Columns, columns_of

CALLERS = 1_000_000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
BEGIN_MS = 1_795_000_000_000 // DAY_MS * DAY_MS
BATCH = 10_000
CALLS_PER_ROUND = 100_000
ROUNDS = 5
ROUND_MS = 1_200
ZIPF_CALLS = 16_000_000
ZIPF = 1.1
TALK_MS = 61_200
FEW = 10

Draw = Callable[[int, np.random.Generator], npt.NDArray[np.int64]]


@nb.njit
def touched(lines: npt.NDArray[np.int64], keys: npt.NDArray[np.uint64]) -> None:
    """Add one to a cache line per row."""
    for key in keys:
        lines[key % np.uint64(lines.shape[0]), 0] += 1


def best_ns(run: Callable[[int], object], rows: int) -> float:
    """The least CPU time of some rounds, per row."""
    times = []
    for number in range(ROUNDS):
        begin = time.process_time_ns()
        run(number)
        times.append(time.process_time_ns() - begin)
    return min(times) / rows


def calls(callers: npt.NDArray[np.int64], begin_ms: int, span_ms: int, rng: np.random.Generator) -> Columns:
    """Attempt, answer and release of each call, in order of time."""
    many = len(callers)
    start = begin_ms + np.sort(rng.integers(0, span_ms, many))
    ts = np.stack([start, start + 5_000, start + 5_000 + TALK_MS]).ravel()
    order = np.argsort(ts, kind="stable")
    called = rng.zipf(1.5, many).astype(np.uint64) % np.uint64(10**7) + np.uint64(33_600_000_000)
    kinds = np.array([EventKind.ATTEMPT, EventKind.ANSWER, EventKind.RELEASE], np.uint8)
    return Columns(
        key=np.tile(callers.astype(np.uint64) * np.uint64(7919) + np.uint64(212_600_000_000), 3)[order],
        other=np.tile(called, 3)[order],
        ts=ts[order],
        kind=np.repeat(kinds, many)[order],
        flags=np.repeat(np.array([0, FLAG_ANSWERED, 0], np.uint8), many)[order],
        duration=np.repeat(np.array([0, 0, TALK_MS]), many)[order],
        clock=ts[order],
    )


def batches(rows: Columns) -> Iterator[Columns]:
    """The rows in pieces."""
    for begin in range(0, len(rows.key), BATCH):
        yield Columns(*(column[begin : begin + BATCH] for column in rows))


def zipf(many: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Callers by Zipf's law, of whom about half call on a day."""
    shares = np.cumsum(np.arange(1, 2 * CALLERS + 1) ** -ZIPF)
    return np.searchsorted(shares / shares[-1], rng.random(many))


def a_few(many: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Callers that are each as likely."""
    return rng.integers(0, CALLERS, many)


def filled(draw: Draw, many: int) -> Windows:
    """Windows at the end of a day of calls."""
    rng, windows, parts = np.random.default_rng(1), Windows(2 * CALLERS), 40
    for part in range(parts):
        span = DAY_MS // parts
        for rows in batches(calls(draw(many // parts, rng), BEGIN_MS + part * span, span, rng)):
            windows.update(rows)
    return windows


def swept(windows: Windows) -> float:
    """CPU time of freeing what has died in an hour, which is spread over `STRIPES` batches, per key."""
    keys, at = len(windows), (windows.ledger.now_ms // HOUR_MS + 1) * HOUR_MS
    callers = np.arange(1, FEW * len(windows.dirty))  # of every slice, whose time they move
    ones, attempts = np.ones_like(callers), np.zeros_like(callers)
    rows = columns_of([callers, ones, ones * at, attempts, attempts, attempts, ones * at])
    begin = time.process_time_ns()
    windows.update(rows)
    for _ in range(STRIPES - 1):
        windows.update(Columns(*(column[:1] for column in rows)))
    return (time.process_time_ns() - begin) / keys


def update_ns(windows: Windows, rounds: list[Columns]) -> tuple[float, float]:
    """The limit and the update, per row."""
    lines = np.zeros((2 * CALLERS, 8), np.int64)

    def update(number: int) -> None:
        for rows in batches(rounds[number]):
            windows.update(rows)

    limit = best_ns(lambda number: touched(lines, rounds[number].key), 3 * CALLS_PER_ROUND)
    return limit, best_ns(update, 3 * CALLS_PER_ROUND)


def small_ns(windows: Windows, rows: Columns) -> float:
    """A block of a few rows."""
    few, many = Columns(*(column[:FEW] for column in rows)), 2_000
    return best_ns(lambda _: [windows.update(few) for _ in range(many)], many)


def flood_ns() -> float:
    """A row of a caller that nobody has seen, when there are as many as there may be."""
    rng, windows = np.random.default_rng(3), Windows(100_000)
    rounds = [
        calls(rng.integers(0, 1 << 40, CALLS_PER_ROUND), BEGIN_MS + number * ROUND_MS, ROUND_MS, rng)
        for number in range(ROUNDS)
    ]
    attempts = [Columns(*(column[rows.kind == EventKind.ATTEMPT] for column in rows)) for rows in rounds]

    def update(number: int) -> None:
        for rows in batches(attempts[number]):
            windows.update(rows)

    update(0)
    return best_ns(update, CALLS_PER_ROUND)


def page_ns(windows: Windows) -> tuple[float, float, float]:
    """Writing and loading all slices, per key; and their bytes per key."""
    slices = range(len(windows.dirty))
    pages = [windows.slice_bytes(which) for which in slices]
    write = best_ns(lambda _: [windows.slice_bytes(which) for which in slices], len(windows))
    copies = [Windows(2 * CALLERS) for _ in range(ROUNDS)]
    load = best_ns(lambda number: [copies[number].load_slice(*page) for page in enumerate(pages)], len(windows))
    return write, load, sum(map(len, pages)) / len(windows)


def measured(name: str, draw: Draw, many: int) -> None:
    """Print the lines of one kind of traffic."""
    windows, rng = filled(draw, many), np.random.default_rng(2)
    sweep = swept(windows)
    begin = windows.ledger.now_ms
    rounds = [calls(draw(CALLS_PER_ROUND, rng), begin + number * ROUND_MS, ROUND_MS, rng) for number in range(ROUNDS)]
    limit, update = update_ns(windows, rounds)
    for what, value in (("one cache line (limit)", limit), ("update", update)):
        print(f"{name:<12}{what:<24}{value:>8.0f} ns/row{value / limit:>8.2f}")
    keys, now = np.unique(np.concatenate([rows.key for rows in rounds])), windows.ledger.now_ms
    ask = best_ns(lambda number: windows.features(keys[number::ROUNDS], now), len(keys) // ROUNDS)
    print(f"{name:<12}{f'a block of {FEW} rows':<24}{small_ns(windows, rounds[-1]) / 1e3:>8.1f} µs")
    write, load, size = page_ns(windows)
    for what, value in (
        ("features", ask),
        ("sweep, once an hour", sweep),
        ("write slices", write),
        ("load slices", load),
    ):
        print(f"{name:<12}{what:<24}{value:>8.0f} ns/key{len(windows) * value / 1e9:>8.2f} s for all")
    print(f"{name:<12}{'slices, write and load':<24}{1e3 * size / write:>8.0f} MB/s{1e3 * size / load:>10.0f} MB/s")
    for what, value in (("memory", windows.nbytes / len(windows)), ("slices", size)):
        print(f"{name:<12}{what:<24}{value:>8.0f} B/key {len(windows):>9,} keys")


def main() -> None:
    """Print the table."""
    begin = time.process_time()
    warm()
    touched(np.zeros((1, 8), np.int64), np.ones(1, np.uint64))
    print(f"compiled, or loaded from numba's cache, in {time.process_time() - begin:.1f} s of CPU")
    measured("zipf 1.1", zipf, ZIPF_CALLS)
    measured("a few calls", a_few, 4 * CALLERS)
    print(f"{'flood':<12}{'update, all new keys':<24}{flood_ns():>8.0f} ns/row")


if __name__ == "__main__":
    main()
