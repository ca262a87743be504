"""The form of a slice as bytes: a header with its ledger, then columns, little-endian, one behind the other.

Keys are in the order of their hashes, and so is all that belongs to them. Columns of words of eight bytes come first,
those of single bytes last: so each is aligned, and is read where it stands.
"""

import struct
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.layout import (
    BLOCK,
    FLAG_BITS,
    FLAGS,
    LOG_MAX,
    PARTIES_MAX,
    RANK_MAX,
    REGISTERS,
    SHORT_MS,
    TABLE,
    TICKS_MAX,
    Bucket,
    Records,
    Small,
)
from models.windows.slots import hashes, oldest, slices

FORMAT: Final = 3
BUSY_ENTRIES: Final = 255
"""`entries` of a busy key."""
SKETCHED: Final = 1 << 63
"""Set in `sketched` of a key with a sketch."""
_MAGIC: Final = b"RFWN"
_VERSIONED: Final = struct.Struct("<4sH")
_HEADER: Final = struct.Struct("<4sHHH2xQ4q6I4x")
_TICK_BITS: Final = np.uint64(28)
_TICKS: Final = np.uint64(TICKS_MAX - 1)
_OTHER_BITS: Final = np.uint64((1 << 63) - (1 << BLOCK))
"""Bits of `sketched` that stand for nothing."""


class Columns(NamedTuple):
    """The columns of a slice in their order.

    Attributes:
        key: uint64[keys], ascending by hash.
        log_party: uint64[entries], a key's latest first; 36 bits of hash, 28 of tick.
        filled: uint64[busy keys], bit for every bucket that is not empty.
        sketched: uint64[busy keys], bit for every bucket with registers; the top bit: there is a sketch.
        bucket: Bucket[buckets].
        party: uint64[parties], a key's in the order of its table.
        head: uint32[keys], tick of the latest event.
        log_word: uint32[entries], duration in ms and 4 flags.
        lost: uint32[busy keys], latest tick whose parties may be missing.
        entries: uint8[keys], of its log; 255 is busy.
        parties: uint8[busy keys], how many there are in the table.
        registers: uint8[registers, REGISTERS].
    """

    key: Keys
    log_party: Keys
    filled: Keys
    sketched: Keys
    bucket: Records
    party: Keys
    head: npt.NDArray[np.uint32]
    log_word: npt.NDArray[np.uint32]
    lost: npt.NDArray[np.uint32]
    entries: Small
    parties: Small
    registers: Small


class Sizes(NamedTuple):
    """How long the columns are."""

    keys: int
    entries: int
    busy: int
    buckets: int
    parties: int
    registers: int


class Ledger(NamedTuple):
    """What a slice knows beside its keys (`models.windows.layout.LEDGER`): ticks, and counts so far."""

    now: int
    evicted: int
    turned_away: int
    closed: int


class Place(NamedTuple):
    """Which slice of which table it is."""

    slices: int
    which: int
    seed: int


_FORM: Final[tuple[tuple[str, Any], ...]] = (
    *((size, np.uint64) for size in ("keys", "entries", "busy", "busy")),
    ("buckets", Bucket),
    ("parties", np.uint64),
    *((size, np.uint32) for size in ("keys", "entries", "busy")),
    *((size, np.uint8) for size in ("keys", "busy")),
    ("registers", np.dtype((np.uint8, (REGISTERS,)))),
)
"""Of every column of `Columns`, in order: which size it has, and its type."""


def room(sizes: Sizes) -> Columns:
    """Return columns of these lengths, not filled."""
    return Columns(*(np.empty(getattr(sizes, size), dtype) for size, dtype in _FORM))


def packed(columns: Columns, sizes: Sizes, ledger: Ledger, place: Place) -> bytes:
    """Return the bytes of a slice; of every column what `sizes` says, from its begin."""
    whole: tuple[Any, ...] = columns
    parts = [column[: getattr(sizes, size)] for column, (size, _) in zip(whole, _FORM, strict=True)]
    return b"".join([_HEADER.pack(_MAGIC, FORMAT, *place, *ledger, *sizes), *parts])


def parsed(data: bytes, place: Place) -> tuple[Columns, Sizes, Ledger]:
    """Return the columns of a slice, how long they are, and its ledger.

    Raises:
        ValueError: the bytes are no slice of this place and format; says what is wrong.
    """
    sizes, ledger = _header(data, place)
    whole, columns, at = np.frombuffer(data, np.uint8).copy(), [], _HEADER.size
    for size, form in _FORM:
        length, dtype = getattr(sizes, size), np.dtype(form)
        column = whole[at : at + length * dtype.itemsize]
        columns.append(column.view(dtype.base).reshape(length, *dtype.shape))
        at += column.size
    found = Columns(*columns)
    for what, wrong in chain(_ledger_faults(ledger, found.head), _faults(found, place)):
        if wrong:
            raise refused(place, what)
    return found, sizes, ledger


def refused(place: Place, what: str, remedy: str = "restore an older checkpoint") -> ValueError:
    """Return the error that says why a slice cannot be loaded, and what to do."""
    return ValueError(f"slice {place.which} of {place.slices} of the windows: {what} ({remedy})")


def _header(data: bytes, place: Place) -> tuple[Sizes, Ledger]:
    """Return the lengths that a header gives, if the data is as long as they say, and the ledger."""
    if len(data) < _VERSIONED.size or data[: len(_MAGIC)] != _MAGIC:
        raise refused(place, "not the state of windows")
    _, version = _VERSIONED.unpack_from(data)
    if version != FORMAT:
        raise refused(place, f"of format {version}, this version reads {FORMAT}")
    if len(data) < _HEADER.size:
        raise refused(place, "no whole header")
    _, _, slices, which, seed, *numbers = _HEADER.unpack_from(data)
    ledger, sizes = Ledger(*numbers[: len(Ledger._fields)]), Sizes(*numbers[len(Ledger._fields) :])
    if Place(slices, which, seed) != place:
        raise refused(place, f"is slice {which} of {slices}, or was hashed with another seed")
    promised = _HEADER.size + sum(getattr(sizes, size) * np.dtype(dtype).itemsize for size, dtype in _FORM)
    if promised != len(data):
        raise refused(place, f"{len(data)} bytes where {promised} were promised")
    return sizes, ledger


def _ledger_faults(ledger: Ledger, heads: npt.NDArray[np.uint32]) -> Iterator[tuple[str, bool]]:
    yield "a ledger out of range", not 0 <= ledger.now < TICKS_MAX or not -1 <= ledger.closed <= ledger.now
    yield "counts below 0", ledger.evicted < 0 or ledger.turned_away < 0
    outside = (heads > ledger.now) | (heads < oldest(ledger.now))
    yield "a key's latest event out of the ledger's day", bool(outside.any())


def _faults(columns: Columns, place: Place) -> Iterator[tuple[str, bool]]:
    """What may be wrong with columns, and whether it is; each is asked only when those before are right."""
    busy = columns.entries == BUSY_ENTRIES
    logs, hashed = columns.entries[~busy].astype(np.int64), hashes(columns.key, np.uint64(place.seed))
    yield "keys out of order", bool((hashed[:-1] >= hashed[1:]).any() or (columns.key == 0).any())
    yield "keys of another slice", bool((slices(hashed, place.slices) != place.which).any())
    yield (
        "a log of impossible length",
        bool(((logs < 1) | (logs > LOG_MAX)).any() or logs.sum() != len(columns.log_word)),
    )
    yield "busy keys miscounted", bool(busy.sum() != len(columns.lost))
    yield from _log_faults(columns, np.repeat(columns.head[~busy], logs))
    yield from _busy_faults(columns, columns.head[busy])
    yield from _bucket_faults(columns.bucket)


def _log_faults(columns: Columns, heads: npt.NDArray[np.uint32]) -> Iterator[tuple[str, bool]]:
    yield "events after a key's latest", bool((columns.log_party & _TICKS > heads).any())
    words = columns.log_word
    silent = (words & FLAGS == 0) | ((words >> FLAG_BITS != 0) & (words & 8 == 0))
    yield "events that are none", bool(silent.any())


def _busy_faults(columns: Columns, heads: npt.NDArray[np.uint32]) -> Iterator[tuple[str, bool]]:
    parties = columns.parties.astype(np.int64)
    has_sketch = columns.sketched >= SKETCHED
    bits = np.bitwise_count(columns.filled).sum(), np.bitwise_count(columns.sketched).sum() - has_sketch.sum()
    yield "buckets miscounted", bool(bits[0] != len(columns.bucket) or bits[1] != len(columns.registers))
    yield (
        "buckets beyond a block",
        bool(((columns.filled >> np.uint64(BLOCK)) | (columns.sketched & _OTHER_BITS)).any()),
    )
    yield "parties miscounted", bool((parties > PARTIES_MAX).any() or parties.sum() != len(columns.party))
    yield (
        "a sketch without cause",
        bool((has_sketch != (columns.lost > 0)).any() or (~has_sketch & (columns.sketched > 0)).any()),
    )
    yield "parties lost after a key's latest event", bool((columns.lost > heads).any())
    yield "registers out of range", bool((columns.registers > RANK_MAX).any())
    owners, party = np.repeat(np.arange(len(parties)), parties), columns.party >> _TICK_BITS
    order = (party % np.uint64(TABLE) << np.uint64(36)) | party
    follows = (owners[:-1] != owners[1:]) | (order[:-1] < order[1:])
    yield "parties out of order", bool(not follows.all() or (party == 0).any())
    yield "parties met after a key's latest event", bool((columns.party & _TICKS > heads[owners]).any())


def _bucket_faults(bucket: Records) -> Iterator[tuple[str, bool]]:
    short, talked = bucket["short"].astype(np.int64), bucket["talked"].astype(np.int64)
    least = short + (talked - short) * SHORT_MS
    most = np.where(talked > short, 1 << 62, short * (SHORT_MS - 1))
    right = (
        (short <= talked) & (talked <= bucket["ended"]) & (least <= bucket["duration"]) & (bucket["duration"] <= most)
    )
    yield "durations that no calls add up to", bool(not right.all())
