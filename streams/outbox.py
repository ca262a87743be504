"""A producer whose failures are never overlooked: what was sent is on the brokers when `settle` returns."""

import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaException, Producer

from streams.errors import DependencyError
from streams.kafka import producer_config
from streams.settings import Settings

SETTLE_S = 30.0


class Outbox:
    """Sends records; a record that Kafka does not take is an error at the next call."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(producer_config(settings))
        self._failure = ""

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Hand a record to the producer; waits while its queue is full.

        Raises:
            DependencyError: an earlier record was not taken.
        """
        where: dict[str, Any] = {} if partition is None else {"partition": partition}
        while True:
            try:
                self._producer.produce(
                    topic, value, key, headers=list(headers) or None, on_delivery=self._delivered, **where
                )
                break
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                raise DependencyError(f"{topic}: cannot send: {error.args[0].str()}") from None
        self._producer.poll(0)
        self._complain()

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return len(self._producer.list_topics(topic, timeout=SETTLE_S).topics[topic].partitions)

    def settle(self) -> None:
        """Wait until everything is acknowledged.

        Raises:
            DependencyError: a record was not taken, or Kafka did not answer in time.
        """
        deadline = time.monotonic() + SETTLE_S
        while self._producer.flush(1.0):
            self._complain()
            if time.monotonic() > deadline:
                raise DependencyError(f"records were not acknowledged within {SETTLE_S:.0f} s: Kafka is out of reach")
        self._complain()

    def _delivered(self, error: Any, message: Any) -> None:
        if error is not None and not self._failure:
            self._failure = f"{message.topic()}: a record was not taken: {error.str()}"

    def _complain(self) -> None:
        if self._failure:
            raise DependencyError(self._failure)
