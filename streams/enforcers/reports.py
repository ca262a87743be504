"""What an enforcer says on `fraud.acks`: acknowledgements, heartbeats, and which ones it has given before."""

import msgspec

from models.leases import FORGED


class Ack(msgspec.Struct, frozen=True):
    """One acknowledgement (contract, section 3, rule 6).

    `status` in OpenC2's codes; `applied_at` in ms since the epoch, None where nothing was applied; `matched` is how
    many rules the command changed or keeps on this enforcer's switches: 0 where it names a switch of another's.
    """

    id: str
    enforcer: str
    status: int
    applied_at: int | None
    matched: int
    error: str | None

    def key(self) -> bytes:
        """The record's key: `enforcer|command id`."""
        return f"{self.enforcer}|{self.id}".encode()


class Heartbeat(msgspec.Struct, frozen=True):
    """What an enforcer is doing; two that hold the same table have the same `table`.

    `at` in ms since the epoch; `offsets` is the next offset to read by `topic/partition`; `switches` is empty where
    it drives all; `statuses` counts the commands since it started.
    """

    enforcer: str
    at: int
    switches: tuple[str, ...]
    offsets: dict[str, int]
    table: str
    rules: int
    killed: bool
    statuses: dict[str, int]


class Acknowledged:
    """The commands that this enforcer has answered before.

    A 401 says nothing about the id it names: it was read from bytes that nobody vouched for.
    """

    def __init__(self, enforcer: str) -> None:
        self._enforcer = enforcer
        self._answered: set[str] = set()
        self._forged: set[str] = set()

    def note(self, key: bytes | None, value: bytes | None) -> None:
        """Take a record of `fraud.acks`; other enforcers' and what is no acknowledgement are passed over."""
        if value is None or key is None or not key.startswith(f"{self._enforcer}|".encode()):
            return
        try:
            ack = msgspec.json.decode(value, type=Ack)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        (self._forged if ack.status == FORGED else self._answered).add(ack.id)

    def before(self, command: str, status: int) -> bool:
        """Whether a command was answered."""
        return command in self._answered or (status == FORGED and command in self._forged)
