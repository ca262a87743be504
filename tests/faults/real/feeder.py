"""Sends traffic by the clock, in a thread of its own, whatever happens to Kafka; what was sent arrives in order."""

import threading
import time

from confluent_kafka import KafkaError, Message, Producer

from streams.event_source import EVENTS
from streams.kafka import producer_config
from streams.settings import Settings
from tests.faults.real.traffic import Traffic

TURN_S, FLUSH_S = 0.02, 60.0
PATIENT = {"message.timeout.ms": 0, "queue.buffering.max.messages": 1_000_000, "reconnect.backoff.max.ms": 1_000}


class Feeder:
    """A thread from `start` to `stop`; `sent` are the records handed over."""

    def __init__(self, settings: Settings, traffic: Traffic) -> None:
        self.sent = 0
        self.traffic = traffic
        self._producer = Producer(producer_config(settings) | PATIENT)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._failure = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, when Kafka has everything."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def flush(self) -> None:
        """Wait until Kafka has everything.

        Raises:
            AssertionError: it has not.
        """
        assert self._producer.flush(FLUSH_S) == 0, "Kafka did not take all events"
        assert not self._failure, self._failure

    def send(self, partition: int, value: bytes) -> None:
        """Send one record, under a key that some records share and others lack."""
        key = b"k%d" % (self.sent % 7) if self.sent % 5 else None
        while True:
            try:
                self._producer.produce(EVENTS, value, key, partition=partition, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(TURN_S)
        self.sent += 1

    def _feed(self) -> None:
        while not self._stop.wait(TURN_S):
            for sent in self.traffic.until(time.time_ns() // 1_000_000):
                self.send(sent.partition, sent.value)
            self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failure = f"an event was not taken: {error.str()}"
