"""A set of 64-bit fingerprints that expire: one word of 8 bytes for each, exact, and it grows a small piece at a time.

A fingerprint is mixed first, by a bijection. The low 14 bits of the mixture say in which of 16,384 segments it is; the
other 50 are kept in its word, above 14 bits for the tick at which it expires. So every bit counts (Cleary, "Compact
hash tables using bidirectional linear probing", 1984, calls it a quotient): nothing but an equal fingerprint is taken
for one that is there, and what the set answers never depends on how it lies in memory.

A segment is a small table of its own: buckets of a cache line, linear probing from one to the next (Knuth, TAOCP 3,
6.4). One that gets full is laid anew by itself, without what has expired: some microseconds. Segment s has its n-th
block in the n-th plane, so that no segment moves when it grows; planes are added a few at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import numba as nb
import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic

from models.borrowing import borrowed, part
from models.hashing import Keys, Word
from models.windows.arithmetic import larger, ratio, smaller
from models.windows.layout import TICK_MS
from models.windows.prefetching import prefetch
from models.windows.slots import mixed

Ints = npt.NDArray[np.int64]
Ticks = npt.NDArray[np.uint32]
Table = npt.NDArray[np.int32]
Whole = Any
"""A whole number in a kernel, of any width."""

TICK_BITS: Final = 14
CYCLE: Final = (1 << TICK_BITS) - 1
"""Ticks are kept modulo this, plus one: a word is never 0, which is an empty place."""
HORIZON: Final = 15_120
"""Ticks (42 h of `TICK_MS`) after now until which one is kept at most; the rest of a cycle is to lay segments anew."""
TICK_MAX: Final = (1 << 31) - 1
"""Last tick, in 2650."""
SEGMENTS: Final = 1 << TICK_BITS
BUCKET: Final = 8
"""Words of a bucket: a cache line of 64 bytes."""
FEWEST: Final = 2
"""Buckets of a segment, at least."""
BUCKET_BYTES: Final = 64
BLOCK: Final = 8
"""Buckets of a block: several lie together, as a page of memory costs more to find than a line of it."""
PLANE: Final = SEGMENTS * BLOCK * BUCKET
"""Words of a plane: a block of every segment, 8 MB."""
SPARE: Final = 0.75
"""Planes are given back where a segment needs no more than this part of the rest."""
FULL: Final = 0.85
"""A segment that has more of its words in use is laid anew."""
STAGGER: Final = 0.1 / SEGMENTS
"""Less of it by the segment's number: they get full one after the other, and take new memory piece by piece."""
LIVE_MIN, LIVE_AIM, LIVE_MAX = 0.4, 0.5, 0.67
"""It gets another size where the living would be less or more of it than this, and then they are as much as that."""
AHEAD: Final = 32
"""Fingerprints that are asked for at once before they are needed."""

BUCKETS, USED, CLEANED = range(3)
"""Columns of a segment: its buckets, words in use, tick at which it was laid anew last."""
PRESENT, ADDED, NO_ROOM = range(3)
"""What `put` gives back."""

_LOW = np.uint64(SEGMENTS - 1)
_BITS = np.uint64(TICK_BITS)
_HALF = np.uint64(32)


class Set(NamedTuple):
    """The arrays of a set, as kernels take them.

    Attributes:
        planes: uint64[planes], addresses of what `Fingerprints` keeps.
        segments: int32[SEGMENTS, 4].
        ahead: uint64[AHEAD], mixtures that were asked for.
        seed: of the mixture.
    """

    planes: Keys
    segments: Table
    ahead: Keys
    seed: Word


@part
def tick_at(when_ms: Whole, tick_ms: Whole) -> Whole:
    """Return the tick that a time (ms) is in: what expires at a time is there until its tick has passed."""
    tick: Whole = ratio(larger(when_ms, 0), tick_ms)
    return smaller(tick, TICK_MAX)


@part
def _word(mixture: Word, tick: Whole) -> Word:
    """Return what is kept in the segment of a fingerprint."""
    return (mixture & ~_LOW) | np.uint64(tick % CYCLE + 1)


@part
def _left(word: Word, phase: Whole) -> Whole:
    """Return how many ticks after a segment was laid anew a word of it expires; `phase` is that tick's in the cycle."""
    left = np.int64(word & _LOW) - 1 - phase
    return left + CYCLE if left < 0 else left


@part
def _home(word: Word, buckets: Whole) -> Whole:
    """Return the bucket of its segment where a search for a word begins."""
    return np.int64(((word >> _HALF) * np.uint64(buckets)) >> _HALF)


def _at(_typing: Any, words: Any, _address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, values[0])
        view.data = builder.inttoptr(values[1], view.data.type)
        view.meminfo, view.parent = view.meminfo.type(None), view.parent.type(None)
        return view._getvalue()

    return words(words, types.uint64), generate


_words_at = cast(Callable[[Keys, Word], Keys], intrinsic(_at))
"""In a kernel: words at an address, borrowed, given any array of words; its size is not theirs."""


@part
def _line(planes: Keys, segment: Whole, bucket: Whole) -> Keys:
    """Return a segment's bucket."""
    offset = np.uint64((segment * BLOCK + bucket % BLOCK) * BUCKET_BYTES)
    return _words_at(planes, planes[bucket // BLOCK] + offset)


@part
def _lay(planes: Keys, segment: Whole, buckets: Whole, words: Keys) -> None:
    """Put words into a segment that has none."""
    filled = np.zeros(buckets, np.uint8)
    for word in words:
        bucket = _home(word, buckets)
        while filled[bucket] == BUCKET:
            bucket = bucket + 1 if bucket + 1 < buckets else 0
        _line(planes, segment, bucket)[filled[bucket]] = word
        filled[bucket] += 1


@part
def _living(planes: Keys, segments: Table, segment: Whole, now: Whole) -> Keys:
    """Return the words of a segment that have not expired; without branches, which would be guessed wrong."""
    living = np.empty(segments[segment, USED] + 1, np.uint64)
    count: Whole = 0
    since = np.int64(segments[segment, CLEANED])
    phase, gone = since % CYCLE, now - since
    for bucket in range(segments[segment, BUCKETS]):
        prefetch(_line(planes, segment, bucket), 0)
    for bucket in range(segments[segment, BUCKETS]):
        line = _line(planes, segment, bucket)
        for at in range(BUCKET):
            living[count] = line[at]
            count += np.int64(line[at] != 0) & np.int64(_left(line[at], phase) >= gone)
    return living[:count]


@nb.njit(cache=True, error_model="numpy")
def _laid_anew(planes: Keys, segments: Table, segment: Whole, now: Whole) -> bool:
    """Lay a segment anew without what has expired; False, and nothing has changed, where the planes are too few."""
    buckets = wanted = int(segments[segment, BUCKETS])
    living = _living(planes, segments, segment, now)
    if not LIVE_MIN * BUCKET * buckets <= living.size <= LIVE_MAX * BUCKET * buckets:
        wanted = max(int(living.size / (LIVE_AIM * BUCKET)) + 1, FEWEST)
    if wanted > BLOCK * planes.size:
        return False
    for bucket in range(buckets):
        line = _line(planes, segment, bucket)
        for at in range(BUCKET):
            line[at] = 0
    _lay(planes, segment, wanted, living)
    segments[segment, BUCKETS], segments[segment, USED], segments[segment, CLEANED] = wanted, living.size, now
    return True


@part
def fetch(prints: Set, keys: Keys) -> None:
    """Ask for the places of fingerprints, `AHEAD` at most, that `put` is called with next."""
    for i in range(keys.size):
        prints.ahead[i] = mixed(keys[i], prints.seed)
        prefetch(prints.segments, np.int64(prints.ahead[i] & _LOW) * prints.segments.shape[1])
    for i in range(keys.size):
        mixture = prints.ahead[i]
        segment = np.int64(mixture & _LOW)
        bucket = _home(mixture, prints.segments[segment, BUCKETS])
        prefetch(_line(prints.planes, segment, bucket), 0)


@part
def put(prints: Set, mixture: Word, until: Whole, now: Whole) -> int:
    """Insert a fingerprint, or renew one that has expired.

    Args:
        prints: the set.
        mixture: of the fingerprint, as `fetch` left it in `ahead`.
        until: tick at which it expires, `HORIZON` after `now` at most.
        now: tick below which everything has expired; it never falls.

    Returns:
        PRESENT: it is there and has not expired. ADDED. NO_ROOM: nothing has changed; `Fingerprints.grow`, then again.
    """
    segment = np.int64(mixture & _LOW)
    buckets = np.int64(prints.segments[segment, BUCKETS])
    since = np.int64(prints.segments[segment, CLEANED])
    full = (FULL - STAGGER * segment) * BUCKET * buckets
    if prints.segments[segment, USED] > full or now - since >= CYCLE - HORIZON:
        if not _laid_anew(prints.planes, prints.segments, segment, now):
            return NO_ROOM
        buckets, since = np.int64(prints.segments[segment, BUCKETS]), now
    bucket = _home(mixture, buckets)
    while True:
        line = _line(prints.planes, segment, bucket)
        for at in range(BUCKET):
            word = line[at]
            if word == 0:
                line[at] = _word(mixture, until)
                prints.segments[segment, USED] += 1
                return ADDED
            if (word ^ mixture) >> _BITS == 0:
                if _left(word, since % CYCLE) >= now - since:
                    return PRESENT
                line[at] = _word(mixture, until)
                return ADDED
        bucket = bucket + 1 if bucket + 1 < buckets else 0


@nb.njit(cache=True, error_model="numpy")
def _put_all(whole: Set, keys: Keys, until: Ticks, now: int, begin: int) -> int:
    """Insert what has not expired, from number `begin` on; gives back where the room ended."""
    prints = borrowed(whole)
    for start in range(begin, keys.size, AHEAD):
        end = min(start + AHEAD, keys.size)
        fetch(prints, keys[start:end])
        for i in range(start, end):
            tick: Whole = min(np.int64(until[i]), now + HORIZON)
            if tick >= now and put(prints, prints.ahead[i - start], tick, now) == NO_ROOM:
                return i
    return keys.size


@nb.njit(cache=True, error_model="numpy")
def _count(whole: Set, now: int) -> int:
    prints, alive = borrowed(whole), 0
    for segment in range(SEGMENTS):
        alive += _living(prints.planes, prints.segments, segment, now).size
    return alive


class Prints(NamedTuple):
    """Fingerprints on their way to a page and back: uint64, and uint32 ticks of some ms at which they expire."""

    keys: Keys
    ticks: Ticks
    tick_ms: int = TICK_MS

    @staticmethod
    def joined(parts: Sequence["Prints"]) -> "Prints":
        """Return the fingerprints of all parts, of which there is at least one, in order."""
        keys, ticks = np.concatenate([part.keys for part in parts]), np.concatenate([part.ticks for part in parts])
        return Prints(keys, ticks, parts[0].tick_ms)

    def pages(self, size: int) -> Iterator["Prints"]:
        """Cut into pieces of `size` fingerprints; the last has fewer."""
        for begin in range(0, len(self.keys), size):
            yield self._replace(keys=self.keys[begin : begin + size], ticks=self.ticks[begin : begin + size])

    @property
    def until(self) -> int:
        """Last event time (ms) of the slowest source at which any of at least one fingerprint is of use."""
        return (int(self.ticks.max()) + 1) * self.tick_ms - 1

    def packed(self) -> tuple[bytes, bytes, int]:
        """Return the content of a page, of at least one fingerprint: 8 bytes each, and 2 for the ticks before the last.

        Those more than `HORIZON` before the last had expired when that one came: they are left out.
        """
        behind = self.ticks.max() - self.ticks
        kept = behind <= HORIZON
        return self.keys[kept].astype("<u8").tobytes(), behind[kept].astype("<u2").tobytes(), self.tick_ms

    @staticmethod
    def unpacked(page: tuple[bytes, bytes, int], until: int) -> "Prints":
        """Return what was packed, given the `until` that it had.

        Example:
            >>> prints = Prints(np.array([7, 8], np.uint64), np.array([180_000_060, 180_000_000], np.uint32))
            >>> Prints.unpacked(prints.packed(), prints.until).ticks.tolist()
            [180000060, 180000000]
        """
        keys, behind, tick_ms = np.frombuffer(page[0], "<u8"), np.frombuffer(page[1], "<u2"), page[2]
        return Prints(keys.astype(np.uint64), (until // tick_ms - behind.astype(np.int64)).astype(np.uint32), tick_ms)


def _aligned(chunk: Keys) -> Keys:
    """Return the words of a chunk's planes, whose buckets are cache lines."""
    skip = -chunk.ctypes.data % BUCKET_BYTES // chunk.itemsize
    return chunk[skip : skip + chunk.size - BUCKET]


def _addresses(chunk: Keys) -> Keys:
    words = _aligned(chunk)
    return np.arange(words.size // PLANE, dtype=np.uint64) * np.uint64(words.itemsize * PLANE) + np.uint64(
        words.ctypes.data
    )


class Fingerprints:
    """Fingerprints of 64 bits, each until a tick.

    Memory: 8 bytes for each at a load of 0.4 to 0.85; 8 MB when it is empty. What it holds is bounded by what comes
    in the time that it is kept, and by nothing else: what is forgotten would count twice.
    """

    def __init__(self, seed: int = 0) -> None:
        """Make it empty; a secret seed keeps others from choosing fingerprints that meet in one segment."""
        segments = np.zeros((SEGMENTS, 4), np.int32)
        segments[:, BUCKETS] = FEWEST
        self._segments, self._ahead, self._seed = segments, np.empty(AHEAD, np.uint64), np.uint64(seed)
        self._chunks: list[Keys] = []
        self._planes = np.empty(0, np.uint64)
        self.make_room()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Fingerprints":
        """Return a copy, whose chunks are at other addresses."""
        twin = Fingerprints(int(self._seed))
        twin._segments[:] = self._segments
        twin._chunks = [np.zeros(chunk.size, np.uint64) for chunk in self._chunks]
        for old, new in zip(self._chunks, twin._chunks, strict=True):
            _aligned(new)[:] = _aligned(old)
        twin._planes = np.concatenate([_addresses(chunk) for chunk in twin._chunks])
        return twin

    @property
    def arrays(self) -> Set:
        """What kernels take, as long as nothing calls `make_room` or `shrink`."""
        return Set(self._planes, self._segments, self._ahead, self._seed)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays; those of a chunk's that were never used take no memory."""
        return sum(chunk.nbytes for chunk in self._chunks) + self._segments.nbytes + self._ahead.nbytes

    def make_room(self) -> None:
        """Add an eighth of the planes there are: nothing moves, and the system clears them as they are used."""
        self._chunks.append(np.zeros(max(1, len(self._planes) // 8) * PLANE + BUCKET, np.uint64))
        self._planes = np.concatenate([_addresses(chunk) for chunk in self._chunks])

    def shrink(self) -> None:
        """Give back the last chunk where the planes before it are more than enough."""
        enough = len(self._planes) - self._chunks[-1].size // PLANE
        if self._segments[0, BUCKETS] <= SPARE * BLOCK * enough and self._segments[:, BUCKETS].max() <= BLOCK * enough:
            self._chunks.pop()
            self._planes = self._planes[:enough].copy()

    def count(self, now: int) -> int:
        """Count what has not expired at a tick: a pass over all of it."""
        return int(_count(self.arrays, now))

    def load(self, prints: Prints, now: int) -> None:
        """Insert what has not expired at tick `now`; none asks for more than `HORIZON` after it."""
        done = 0
        while (done := _put_all(self.arrays, prints.keys, prints.ticks, now, done)) < len(prints.keys):
            self.make_room()
