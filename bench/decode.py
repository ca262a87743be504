"""Bytes to rows against its limit, the decode of the same events alone: ns per event and ratio, best of 5."""

import time

import numpy as np

from models.numbers import Network
from models.records import decode
from models.rows import rows_of, warm
from models.tables import Tables

EVENTS = 10_000


def event(number: int) -> bytes:
    """An event of about 330 bytes."""
    return (
        b'{"v":1,"event":"attempt","call_id":"%016x@cas-msc-1","ts":%d,"caller":"+2126%08d","dialled":"0033387%06d",'
        b'"called":"+33387%06d","called_type":"international","account":"acc-%08d","plan":"prepaid","switch":"cas-msc-1",'
        b'"trunk":"INTL-FR-1","rate":"3.50","currency":"MAD"}'
        % (number * 7919, 1_795_467_960_281 + number, number, number, number, number)
    )


def best_ns(run: object, rounds: int = 5) -> float:
    """The shortest of some runs, per event."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        run()  # type: ignore[operator]
        times.append(time.perf_counter_ns() - begin)
    return min(times) / EVENTS


def main() -> None:
    """Print the table."""
    warm()
    lines = [event(number) for number in range(EVENTS)]
    network, tables = Network(home_country_code="212"), Tables()
    source, offset = np.zeros(EVENTS, np.int32), np.arange(EVENTS)
    limit = best_ns(lambda: decode(lines))
    whole = best_ns(lambda: rows_of(decode(lines), network, tables, source, offset))
    print(f"{'what':<28}{'ns/event':>10}{'ratio':>8}")
    print(f"{'decode (the limit)':<28}{limit:>10.0f}{1:>8.2f}")
    print(f"{'decode and rows':<28}{whole:>10.0f}{whole / limit:>8.2f}")


if __name__ == "__main__":
    main()
