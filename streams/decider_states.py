"""The decider's durable state: a record for each saved offset on `ringfence.decider`, of which the highest counts.

A decider that was paused, and goes on while another decides, writes under the key of its own offset: that takes the
place of nothing newer. A record is deleted only when one of a higher offset is durable.
"""

from collections.abc import Iterable

import msgspec

from streams.errors import UsageError
from streams.outbox import Outbox

STATE = "ringfence.decider"


class Saved(msgspec.Struct, frozen=True):
    """One state: the log (topic id, epoch), the last record applied, and the state.

    The state is MessagePack, deflated: one record holds it, and Kafka bounds a record.
    """

    topic_id: str
    epoch: int
    offset: int
    state: bytes

    @property
    def key(self) -> bytes:
        """Key of its record; keys of one log sort as its offsets."""
        return b"state@%d/%020d" % (self.epoch, self.offset + 1)


class DeciderStates:
    """The records of one decider's life."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._old: set[bytes] = set()

    def newest(self, records: Iterable[tuple[bytes | None, bytes | None]], topic_id: str) -> Saved | None:
        """The state of a log with the highest offset; None for a log that has none.

        Args:
            records: keys and values that stand on the topic, in their order.
            topic_id: of the log.

        Raises:
            UsageError: a record was written by another version.
        """
        kept = {key: _read(value) for key, value in dict(records).items() if value is not None}
        found = list(kept.values())
        self._old = {key for key in kept if key is not None}
        self._epoch = max((saved.epoch for saved in found), default=0)
        mine = [saved for saved in found if saved.topic_id == topic_id]
        return max(mine, key=lambda saved: saved.key, default=None)

    @property
    def epoch(self) -> int:
        """The highest epoch of any log that had a state; 0 where none had."""
        return self._epoch

    def write(self, saved: Saved) -> None:
        """Send a state; it is durable when the outbox has settled."""
        self._outbox.send(STATE, msgspec.msgpack.encode(saved), saved.key, 0)

    def written(self, saved: Saved) -> None:
        """A state is durable: delete those before it."""
        for key in sorted(self._old - {saved.key}):
            self._outbox.send(STATE, None, key, 0)
        self._old = {saved.key}


def _read(value: bytes) -> Saved:
    try:
        return msgspec.msgpack.decode(value, type=Saved)
    except msgspec.DecodeError as error:
        raise unreadable(error) from None


def unreadable(error: Exception) -> UsageError:
    """The error that says that a state is not of this version."""
    return UsageError(f"{STATE}: {error} (run the version that wrote it, or delete the topic)")
