"""A load into `signalling.events`, as fast as Kafka takes it."""

from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from streams.bench.home import EVENTS
from streams.bench.wire import Record
from streams.errors import DependencyError
from streams.kafka import producer_config
from streams.settings import Settings

FLUSH_S = 60.0
POLL_EVERY = 10_000
COMPRESSION = {"compression.type": "lz4", "linger.ms": 20, "queue.buffering.max.messages": 500_000}
"""As a busy probe sends: our consumers pay for the unpacking."""


class Failed:
    """Remembers the first record that Kafka did not take."""

    reason = ""

    def __call__(self, error: KafkaError | None, _message: Message) -> None:
        """Take a delivery report."""
        if error is not None and not self.reason:
            self.reason = error.str()


def feed(settings: Settings, load: Iterable[Record], tell: Callable[[int], None] = lambda _sent: None) -> int:
    """Send every record under its key and wait until Kafka has them; gives how many there were.

    Args:
        settings: where Kafka is.
        load: the records in order.
        tell: called now and then with the number sent.

    Raises:
        DependencyError: Kafka did not take a record.
    """
    failed, sent = Failed(), 0
    producer = Producer({**producer_config(settings), **COMPRESSION})
    for record in load:
        _send(producer, record, failed)
        sent += 1
        if sent % POLL_EVERY == 0:
            producer.poll(0)
            tell(sent)
    if producer.flush(FLUSH_S) or failed.reason:
        raise DependencyError(f"{EVENTS}: Kafka did not take the load: {failed.reason or 'time is up'}")
    return sent


def _send(producer: Producer, record: Record, failed: Any) -> None:
    while True:
        try:
            producer.produce(EVENTS, record.value, record.key, on_delivery=failed)
        except BufferError:
            producer.poll(0.01)
        else:
            return
