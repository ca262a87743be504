"""Carries operators' records from `fraud.policy` onto the findings log, byte for byte (design, section 2)."""

from models.findings import PolicyNote, Source, encode
from streams import logs, metrics
from streams.enforcers.feed import Feed
from streams.enforcers.worker import POLICY, Record
from streams.outbox import Outbox
from streams.reading import topic_id
from streams.settings import Settings

FINDINGS = "ringfence.findings"
TURN_MAX = 500
"""Records of one turn: a long topic must not hold up the decider at its start."""

log = logs.get(__name__)


class Forwarder:
    """Reads the topic from its beginning in every life and keeps nothing: the decider drops what it knows.

    A record's source is the topic's id and its offset, so that a topic that was made anew counts again. A tombstone
    says nothing, and what is too large to be an order is left out.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._feed = Feed(settings, "decider", (POLICY,))
        self._log = f"policy:{topic_id(settings, POLICY)}"
        self._outbox = outbox

    def forward(self) -> None:
        """Send on what has come in; never waits for more."""
        for _ in range(TURN_MAX):
            record = self._feed.poll(0)
            if record is None:
                return
            if record.value is not None:
                self._send(record, record.value)

    def _send(self, record: Record, value: bytes) -> None:
        source = Source(self._log, record.partition, record.offset)
        try:
            note = PolicyNote.of(source, record.key or b"", value, record.headers or ())
        except ValueError as error:
            metrics.ORDERS.labels(result="refused").inc()
            log.warning("order ignored", at=str(record), reason=str(error))
            return
        self._outbox.send(FINDINGS, encode(note), partition=0)
