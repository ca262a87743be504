"""A command to the enforcers (contract, section 3): the wire's fields, ids and bounds."""

import enum
import uuid
from typing import Annotated, Any, cast

import msgspec

from models.targets import CommandError, Scope, Target

MAX_BYTES = 64 << 10
"""A larger command was not written by us: the contract's bound of one event."""
VERSION = 1

__all__ = [
    "Action",
    "Args",
    "Command",
    "CommandError",
    "Mode",
    "Scope",
    "Target",
    "UnsupportedError",
    "command_id",
    "decode",
    "encode",
    "id_of",
    "incident_id",
]


class Action(enum.StrEnum):
    """What to do with the calls of a target; `RELEASE` withdraws the command on the same key."""

    BLOCK = "block"
    LIMIT = "limit"
    RELEASE = "release"


class Mode(enum.StrEnum):
    """`ENFORCE` on `fraud.control`, `SHADOW` on `fraud.shadow` only."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class UnsupportedError(CommandError):
    """A command with a member of `target` or `args` that this version does not know: status 501."""


Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Whole = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Args(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a `limit` leaves: calls admitted a minute, calls at once."""

    calls_per_minute: Count | None = None
    concurrent: Count | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command, its fields in the wire's order; times in ms since the epoch.

    `lease` counts an incident's leases from 1. (`epoch`, `seq`) orders the commands of one key. Members
    without a default are what an enforcer acts on; the others are for people and may be missing.
    """

    v: int = VERSION
    id: Id
    incident: Id
    action: Action
    target: Target
    mode: Mode = Mode.ENFORCE
    reason: Id
    summary: str = ""
    evidence: dict[str, Any] = {}
    diagnosis: dict[str, Any] | None = None
    impact: dict[str, Any] = {}
    score: float | None = None
    model: str | None = None
    rules: str | None = None
    issued_at: Whole
    expires_at: Whole
    lease: Annotated[int, msgspec.Meta(ge=1)]
    detector: str = ""
    epoch: Whole
    seq: Whole
    supersedes: str | None = None
    args: Args | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """What makes one command of a key newer than another.

        The decider never writes two with one (epoch, seq) on a key; if it did, the id would decide, and not
        the order in which they arrive.
        """
        return self.epoch, self.seq, self.id

    def fault(self) -> str:
        """Why no enforcer may take this command, whatever the time and its table; empty where it may."""
        if self.v != VERSION:
            return f"unknown v {self.v}: this version knows {VERSION}"
        if self.action is Action.LIMIT and (self.args is None or self.args == Args()):
            return "a limit needs args: calls_per_minute or concurrent"
        return self.target.fault()


class _Members(msgspec.Struct):
    """The names of the members that an enforcer must honour or refuse."""

    target: dict[str, msgspec.Raw] = {}
    args: dict[str, msgspec.Raw] | None = None


class _Id(msgspec.Struct):
    id: Id


class _Version(msgspec.Struct):
    v: int = VERSION


# dictionaries are written in the order of their keys: equal commands give equal bytes
_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Command)
_members = msgspec.json.Decoder(_Members)
_ids = msgspec.json.Decoder(_Id)
_versions = msgspec.json.Decoder(_Version)


def encode(command: Command) -> bytes:
    """The record's value: the same command always gives the same bytes; `args` is left out if None."""
    if command.args is None:
        command = msgspec.structs.replace(command, args=cast("Args", msgspec.UNSET))
    return _encoder.encode(command)


def decode(value: bytes) -> Command:
    """The command that a record's value holds.

    Raises:
        UnsupportedError: `target` or `args` has a member that this version does not know.
        CommandError: it is too large, no JSON, of an unknown `v`, `action`, `scope` or `mode`, or its target
            is empty, a wildcard or malformed.
    """
    if len(value) > MAX_BYTES:
        raise CommandError(f"command of {len(value)} bytes: more than {MAX_BYTES}")
    try:
        version = _versions.decode(value).v
        if version != VERSION:
            raise CommandError(f"unknown v {version}: this version knows {VERSION}")
        _refuse_unknown(_members.decode(value))
        command = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"not a command: {error}") from None
    if fault := command.fault():
        raise CommandError(fault)
    return command


def _refuse_unknown(members: _Members) -> None:
    for name, found, known in (
        ("target", members.target, Target.__struct_fields__),
        ("args", members.args or {}, Args.__struct_fields__),
    ):
        if unknown := sorted(found.keys() - set(known)):
            raise UnsupportedError(f"unsupported member {name}.{unknown[0][:40]}")


def id_of(value: bytes) -> str | None:
    """The id in a refused value, for its acknowledgement to name; None where none can be read."""
    try:
        return _ids.decode(value).id if len(value) <= MAX_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_INCIDENTS = uuid.uuid5(uuid.NAMESPACE_URL, "https://ringfence.example/incident/v1")
_COMMANDS = uuid.uuid5(uuid.NAMESPACE_URL, "https://ringfence.example/command/v1")


def incident_id(target_key: str, first_ts: int) -> str:
    """UUIDv5 of the target key and the smallest `ts` (ms) of the proof.

    >>> incident_id("prefix:+333", 1795467960281) == incident_id("prefix:+333", 1795467960281)
    True
    """
    return str(uuid.uuid5(_INCIDENTS, f"{target_key}|{first_ts}"))


def command_id(incident: str, mode: Mode, action: Action, lease: int) -> str:
    """UUIDv5 of incident, mode, action and lease number: a replay gives the same id."""
    return str(uuid.uuid5(_COMMANDS, f"{incident}|{mode}|{action}|{lease}"))
