"""Open-loop sending: every record at its time on a schedule, however long Kafka takes, so that no wait is left out.

A sender that waits for answers before it goes on measures only the good moments (coordinated omission). Here the
schedule is drawn up beforehand and latency counts from it.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from confluent_kafka import KafkaError, Message, Producer

from streams.bench.home import EVENTS
from streams.bench.plants import Planted
from streams.bench.wire import Record
from streams.errors import DependencyError
from streams.kafka import producer_config
from streams.settings import Settings

FLUSH_S = 60.0
STEP_S = 0.001
QUEUE = {"queue.buffering.max.messages": 1_000_000}


class Sent(NamedTuple):
    """What became of a schedule.

    Attributes:
        begun_ms: wall time (ms since the epoch) of time 0 on the schedule.
        scheduled: time on the schedule (ms) of each watched record, by `topic/partition/offset`.
        late_ms: how late the sender was with each batch that it sent.
    """

    begun_ms: float
    scheduled: dict[str, int]
    late_ms: npt.NDArray[np.float64]


class Sender:
    """Sends a background and plants by the schedule; remembers where the watched ones were written."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(producer_config(settings) | QUEUE)
        self._scheduled: dict[str, int] = {}
        self._failed = ""

    def run(self, background: Sequence[Record], at_ms: npt.NDArray[np.int64], planted: Sequence[Planted]) -> Sent:
        """Send everything at its time; `at_ms` and the plants' times rise.

        Raises:
            DependencyError: Kafka did not take a record.
        """
        late: list[float] = []
        position = plant = 0
        begun_ms, begun_s = time.time_ns() / 1e6, time.monotonic()
        with _undisturbed():
            while position < len(at_ms) or plant < len(planted):
                now_ms = (time.monotonic() - begun_s) * 1000
                end = int(np.searchsorted(at_ms, now_ms, "right"))
                if end > position:
                    late.append(now_ms - int(at_ms[position]))
                    self._send(background[position:end])
                    position = end
                while plant < len(planted) and planted[plant].at_ms <= now_ms:
                    self._send_watched(planted[plant])
                    plant += 1
                self._producer.poll(0)
                time.sleep(STEP_S)
        if self._producer.flush(FLUSH_S) or self._failed:
            raise DependencyError(f"{EVENTS}: Kafka did not take the load: {self._failed or 'time is up'}")
        return Sent(begun_ms, self._scheduled, np.array(late))

    def _send(self, records: Sequence[Record]) -> None:
        for record in records:
            while True:
                try:
                    self._producer.produce(EVENTS, record.value, record.key)
                    break
                except BufferError:  # what waits for room is late, and counted so
                    self._producer.poll(STEP_S)

    def _send_watched(self, planted: Planted) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed = error.str()
            elif planted.leak:
                self._scheduled[f"{EVENTS}/{message.partition()}/{message.offset()}"] = planted.at_ms

        self._producer.produce(EVENTS, planted.value, planted.key, on_delivery=delivered)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without garbage collection: millions of records are alive, and a pause would be ours, not the service's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
