"""Bytes to rows, by the typed decoder and by the scanner in one run: ns per event of each stage, best of 7 rounds.

The load is the hot path's: three producers, attempts, answers, releases and call records, 1 % free, 1 % sent twice,
0.1 % bad.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from models.numbers import Network
from models.records import decode
from models.rows import rows_of
from models.scan.batch import Records, batch_of, joined_records, records_of
from models.scan.build import Rules, rows_of_plain
from models.scan.odd import typed
from models.scan.rows import scan_rows, warm
from models.tables import FreePrefix, Tables
from streams.bench.load import Recipe, slices

EVENTS = 40_000
BATCH = 2_000
ROUNDS = 7
NETWORK, TABLES = Network(home_country_code="212"), Tables(free_prefixes=(FreePrefix("+351800"),))


def batches(array: int) -> list[list[bytes]]:
    """A load in batches of 2,000 events, `array` of them in each record."""
    values = [record.value for part in slices(Recipe(events=EVENTS, array=array)) for record in part.records]
    size = BATCH // array
    return [values[begin : begin + size] for begin in range(0, len(values), size)]


def _records(values: Sequence[bytes]) -> Records:
    source = np.zeros(len(values), np.int32)
    return records_of(joined_records(values), values.__getitem__, None, source, np.arange(len(values)))


def best_ns(work: Callable[..., Any], calls: Iterable[Sequence[Any]]) -> float:
    """The processor time of the shortest of some rounds over all batches, per event."""
    calls, rounds = list(calls), []
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        for arguments in calls:
            work(*arguments)
        rounds.append(time.process_time_ns() - begin)
    return min(rounds) / EVENTS


def main() -> None:
    """Print a table for single events and one for arrays."""
    begin = time.perf_counter()
    warm()
    print(f"kernels compiled or loaded in {time.perf_counter() - begin:.1f} s")
    for array in (1, 50):
        table(array)


def table(array: int) -> None:
    """Print what each stage costs where records have `array` events."""
    values, rules = batches(array), Rules(NETWORK, TABLES, "account")
    parts = list(map(_records, values))
    decoded = list(map(decode, values))
    scanned = [batch_of(part) for part in parts]
    old = best_ns(decode, [(part,) for part in values])
    rows = [(one, NETWORK, TABLES, part.source, part.offset) for one, part in zip(decoded, parts, strict=True)]
    old_rows = best_ns(rows_of, rows)
    together = zip(values, parts, strict=True)
    new = best_ns(scan_rows, [(part, None, NETWORK, TABLES, of.source, of.offset) for part, of in together])
    plain = [(one, part, rules) for one, part in zip(scanned, parts, strict=True)]
    stages = [
        ("typed decoder", old + old_rows),
        ("  decode", old),
        ("  rows", old_rows),
        ("scanner", new),
        ("  records in one text", best_ns(joined_records, [(part,) for part in values])),
        ("  and scanned", best_ns(batch_of, [(part,) for part in parts])),
        ("  rows of plain events", best_ns(rows_of_plain, plain)),
        ("  odd ones, typed", best_ns(typed, [one for one in plain if one[0].odd.size])),
    ]
    size = sum(len(value) for part in values for value in part) / EVENTS
    odd = sum(one.odd.shape[1] for one in scanned) / EVENTS
    print(f"\n{array} events a record, {size:.0f} bytes an event, {odd:.2%} odd")
    print(f"{'what':<26}{'ns/event':>10}{'ratio':>8}")
    for name, spent in stages:
        print(f"{name:<26}{spent:>10.0f}{spent / (old + old_rows):>8.2f}")


if __name__ == "__main__":
    main()
