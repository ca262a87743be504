"""What stands on `ringfence.findings`: the one ordered log of everything that decides (design, section 2).

Each record names its source and position there; the decider drops what is not above the last it took from that
source, so that a producer may repeat itself after a crash.
"""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import msgspec

MAX_RECORD_BYTES = 1 << 20
"""A finding over this size was not written by us."""

NOTE_KEY_MAX, NOTE_VALUE_MAX, NOTE_HEADERS_MAX, NOTE_HEADER_MAX = 2_048, 64 << 10, 16, 1_024
"""Bounds of a forwarded operator's record, in bytes; a larger one is none (`models.orders`)."""

Grade = Literal["block", "limit", "shadow", "held", "rejected"]
"""What the evidence alone would justify; `models.policy` says what becomes of it."""
Forest = Literal["none", "silent", "agrees"]
"""What the isolation forest says of a burst: there is no model of the kind, nothing unusual, or unusual."""

ZERO_COST, FOREST_ALONE = "zero_cost_route", "unusual"
"""The rule of every leak, and the rule of a burst that only the forest sees."""


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Where a finding comes from: a log (`rows`, `clock`, `policy`, or a topic id), its partition, a position in it.

    `index` tells apart several findings of one position; (position, index) rises within (log, partition).
    """

    log: str
    partition: int
    position: int
    index: int = 0

    @property
    def stream(self) -> str:
        """Name of the sequence in which (position, index) rises."""
        return f"{self.log}/{self.partition}"


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a finding is about: the same members as a command's target (contract, section 3)."""

    scope: str
    value: str
    switch: str | None = None
    trunk: str | None = None
    plan: str | None = None


class Evidence(msgspec.Struct, frozen=True):
    """The numbers behind a zero-cost finding, as a command shows them (contract, section 3).

    `first_ts` and `last_ts` are ms since the epoch; `expected_rate` is decimal text per minute; `offsets` name the
    first free call of each payer as `topic/partition/offset`.
    """

    free_calls: int
    payers: int
    called: int
    first_ts: int
    last_ts: int
    paid_since_first: int
    free_share_before: float
    log10_odds: float
    expected_rate: str | None
    currency: str | None
    offsets: tuple[str, ...] = ()


class Leak(msgspec.Struct, frozen=True, tag="leak", tag_field="kind"):
    """Free calls of distinct payers where calls were paid before.

    `newest_start` (ms) is when the newest free call began: a call that a half-open block let through began after it.
    `answered` counts the answered calls under the subject in the hour before `first_ts`. `entry` is the short code
    or table row that explains the leak. `replaces` lists subjects that this one takes the place of. `talk_ms` is the
    mean length of the calling code's paid calls; 0 = not known. `rated` is the price per minute, decimal text, where
    calls were not free but absurdly cheap. `late_ms` is how much later than their calls its prices came at most, by
    event time: of call records up to hours.
    """

    source: Source
    subject: Subject
    grade: Grade
    why: str
    evidence: Evidence
    code: str
    newest_start: int
    answered: int
    switches: tuple[str, ...] = ()
    entry: str | None = None
    entry_kind: str | None = None
    replaces: tuple[Subject, ...] = ()
    talk_ms: int = 0
    rated: str | None = None
    late_ms: int = 0

    @property
    def rule(self) -> str:
        """What found it, as in a command's `reason`."""
        return ZERO_COST

    @property
    def compared_at(self) -> int:
        """The end of the hour in which `answered` counted, ms."""
        return self.evidence.first_ts

    @property
    def forest(self) -> Forest:
        """What the isolation forest says of it: it is not asked about leaks."""
        return "none"


class BurstWindow(msgspec.Struct, frozen=True):
    """What one window of a key held: attempts and what became of them.

    `talked` counts calls of some duration and `short` those of a few seconds, `mean_s` is the mean duration; `others`
    counts distinct other parties, and is an estimate where not `exact`. `normal` is how many attempts are usual in
    such a window at this hour of the week; null where nothing is known.
    """

    window_s: int
    attempts: int
    answered: int
    ended: int
    talked: int
    short: int
    mean_s: float
    others: int
    exact: bool
    normal: float | None


class BurstEvidence(msgspec.Struct, frozen=True):
    """The numbers behind a burst, as a command shows them.

    `first_ts` is the begin of the window that proved and `last_ts` the moment of the finding, ms since the epoch.
    `proving_s` is the length of that window, `factor` its attempts over what is normal, `known_h` how many hours of
    history the key had. `others` are the first and the last number of a sweep; `offsets` name the event at hand as
    `topic/partition/offset`.
    """

    first_ts: int
    last_ts: int
    windows: Annotated[tuple[BurstWindow, ...], msgspec.Meta(min_length=1)]
    proving_s: int
    known_h: float
    factor: float | None
    others: tuple[str, ...] = ()
    offsets: tuple[str, ...] = ()

    @property
    def proving(self) -> BurstWindow:
        """The window that proved; the first, where none has its length."""
        return next((window for window in self.windows if window.window_s == self.proving_s), self.windows[0])


class Burst(msgspec.Struct, frozen=True, tag="burst", tag_field="kind"):
    """A key that is far above its own past: by a rule, or by the isolation forest alone (`rule` = `unusual`).

    `newest_start` (ms) is when the newest call of it began. `answered` counts the answered calls under the subject in
    the hour before `last_ts`. `score`, `model` and `reasons` (feature, share) are the forest's, null and none where it
    has no model of the kind; it finds the key unusual exactly where there are reasons. `replaces` lists subjects
    that this one takes the place of, `within` wider ones that all its calls are under, like a caller's account.
    """

    source: Source
    subject: Subject
    rule: str
    grade: Grade
    why: str
    evidence: BurstEvidence
    newest_start: int
    answered: int
    score: float | None = None
    model: str | None = None
    reasons: tuple[tuple[str, float], ...] = ()
    replaces: tuple[Subject, ...] = ()
    within: tuple[Subject, ...] = ()

    @property
    def compared_at(self) -> int:
        """The end of the hour in which `answered` counted, ms."""
        return self.evidence.last_ts

    @property
    def forest(self) -> Forest:
        """What the isolation forest says of it."""
        if self.score is None:
            return "none"
        return "agrees" if self.reasons else "silent"


Proof = Leak | Burst
"""What an incident may rest on beside an operator's order."""


class Mended(msgspec.Struct, frozen=True, tag="mended", tag_field="kind"):
    """Two payers paid at one switch and plan under a subject that leaked, and nobody was free since."""

    source: Source
    subject: Subject
    first_ts: int
    last_ts: int


class Withdrawn(msgspec.Struct, frozen=True, tag="withdrawn", tag_field="kind"):
    """What is left of a proof proves too little: its calls were charged, or one between them was paid.

    `why` is `charged_at_release` or `paid_between`.
    """

    source: Source
    subject: Subject
    first_ts: int
    why: str


class Totals(msgspec.Struct, frozen=True, tag="totals", tag_field="kind"):
    """Answered calls per minute of event time in one rows partition: `minutes` = ((minute, count so far), …).

    `ratings` = ((minute, switch, rated, failed), …): events of calls abroad whose price was worked out, and those whose
    rating failed.
    """

    source: Source
    minutes: tuple[tuple[int, int], ...]
    ratings: tuple[tuple[int, str, int, int], ...] = ()


class Tick(msgspec.Struct, frozen=True, tag="tick", tag_field="kind"):
    """A second has passed; the record's own time in the log says which."""

    source: Source


class PolicyNote(msgspec.Struct, frozen=True, tag="policy", tag_field="kind"):
    """An operator's record of `fraud.policy`, forwarded byte for byte (base64) for the decider to verify."""

    source: Source
    key: Annotated[str, msgspec.Meta(max_length=2 * NOTE_KEY_MAX)]
    value: Annotated[str, msgspec.Meta(max_length=2 * NOTE_VALUE_MAX)]
    headers: Annotated[tuple[tuple[str, str], ...], msgspec.Meta(max_length=NOTE_HEADERS_MAX)]

    @classmethod
    def of(cls, source: Source, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes | None]]) -> Self:
        """The note that carries a record.

        Raises:
            ValueError: key, value or headers are too large for an operator's.
        """
        sizes = [max(len(name), len(content or b"")) for name, content in headers]
        largest = max(sizes, default=0)
        if len(key) > NOTE_KEY_MAX or len(value) > NOTE_VALUE_MAX:
            raise ValueError(f"key of {len(key)} bytes, value of {len(value)}: too large for an order")
        if len(sizes) > NOTE_HEADERS_MAX or largest > NOTE_HEADER_MAX:
            raise ValueError(f"{len(sizes)} headers of up to {largest} bytes: too many for an order")
        coded = tuple((name, _text(content or b"")) for name, content in headers)
        return cls(source, _text(key), _text(value), coded)

    def signed(self) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        """Key, value and headers as they stood on `fraud.policy`.

        Raises:
            ValueError: a member is not base64.
        """
        headers = [(name, base64.b64decode(value, validate=True)) for name, value in self.headers]
        return base64.b64decode(self.key, validate=True), base64.b64decode(self.value, validate=True), headers


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


Finding = Leak | Burst | Mended | Withdrawn | Totals | Tick | PolicyNote

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Finding)


def encode(finding: Finding) -> bytes:
    """The record's bytes: the same finding always gives the same."""
    return _encoder.encode(finding)


def decode(value: bytes) -> Finding:
    """The finding that `value` holds.

    Raises:
        ValueError: it is too large, or not a finding.
    """
    if len(value) > MAX_RECORD_BYTES:
        raise ValueError(f"finding of {len(value)} bytes: more than {MAX_RECORD_BYTES}")
    try:
        found: Finding = _decoder.decode(value)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a finding: {error}") from None
    return found
