"""The signalling event as it is on the wire (contract section 2)."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

INT64_MAX: Final = 2**63 - 1
DURATION_MAX_S: Final = 10 * 366 * 86_400
"""Ten years; a longer `duration_s` or `free_s` is a mistake of the reporter's."""

Whole = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)]
Name = Annotated[str, msgspec.Meta(max_length=256)]
"""The contract bounds only `call_id`; 256 characters hold any name, URI or number that a switch gives."""
Amount = Decimal
"""Decimal text or a number, read exactly: a binary float would take 1e-400 for free."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=DURATION_MAX_S)]


class EventKind(enum.IntEnum):
    """What happened, as numbered in `Rows.event`."""

    ATTEMPT = 0
    ANSWER = 1
    RELEASE = 2
    CDR = 3
    RATING = 4


KINDS: Final = {kind.name.lower(): int(kind) for kind in EventKind}
"""The number of each `event` as it is spelled on the wire."""


class Event(msgspec.Struct, gc=False, kw_only=True):
    """One event, its fields named and typed as in the contract; `null` in an optional field is absent."""

    event: Literal["attempt", "answer", "release", "cdr", "rating"]
    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    ts: Whole | Annotated[datetime, msgspec.Meta(tz=True)]
    """Milliseconds since the epoch; `decode` leaves no datetime here."""
    caller: Name
    called: Name
    v: Literal[1] | None = 1
    called_type: Literal["international", "national", "subscriber", "short", "unknown"] | None = None
    dialled: Name | None = None
    direction: Literal["originating", "terminating", "transit", "forwarded", "roaming"] | None = None
    account: Name | None = None
    plan: Name | None = None
    switch: Name | None = None
    trunk: Name | None = None
    trunk_in: Name | None = None
    attestation: Literal["A", "B", "C"] | None = None
    rate: Amount | None = None
    """Per minute."""
    setup_fee: Amount | None = None
    free_s: Seconds | None = None
    charge: Amount | None = None
    rating_status: Literal["rated", "allowance", "failed"] | None = None
    rate_key: Name | None = None
    currency: Name | None = None
    duration_s: Seconds | None = None
    cause: Whole | None = None
    """Q.850."""
    refused_by: Name | None = None
    test: bool | None = None
