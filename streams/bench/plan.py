"""What a benchmark is to run, and roughly how long each kind of work takes."""

import msgspec

START_S = 12.0
"""A service from its start to its end, without any work."""
LOADED_PER_S, READ_PER_S, LIMIT_PER_S, SOAKED_PER_S = 60_000, 100_000, 300_000, 50_000
"""Events a second, on two cores: made and sent, read by the service, by the limit, and sent while they are read."""
PEER_S, PAUSES_S, STAGES_S = 90.0, 120.0, 20.0


class Plan(msgspec.Struct, frozen=True):
    """What to run.

    Attributes:
        parts: names in `streams.bench.suite.PARTS`; none = all but the soak.
        runs: of each measurement.
        events: in a load that is read as fast as the service can.
        soak_events: in each day of the soak.
        rates: background events a second, for latency.
        seconds: of each latency run.
        seed: of all chance.
        partitions: of events and rows.
        peer: whether Kafka Streams is measured where it can be.
    """

    parts: tuple[str, ...] = ()
    runs: int = 1
    events: int = 3_000_000
    soak_events: int = 30_000_000
    rates: tuple[int, ...] = (1_000, 20_000, 100_000)
    seconds: float = 30.0
    seed: int = 7
    partitions: int = 4
    peer: bool = True


def load_s(events: float) -> float:
    """Seconds until a load is on its topic."""
    return events / LOADED_PER_S


def passage_s(events: float) -> float:
    """Seconds in which a service starts, reads a load and ends."""
    return START_S + events / READ_PER_S


def minutes(seconds: float) -> str:
    """A time as a person says it.

    >>> minutes(30.0), minutes(200.0), minutes(5_100.0)
    ('1 min', '4 min', '1 h 25 min')
    """
    hours, rest = divmod(max(1, -(-int(seconds) // 60)), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
