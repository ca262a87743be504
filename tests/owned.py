"""Rows, covers and a page store in memory for tests of blocks, coverage and owners."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from models.detector import Detector
from models.numbers import Network
from models.odds import Limits
from models.records import decode
from models.rows import Rows, rows_of
from models.rules import knowledge_of
from models.tables import ShortCode, Tables
from streams.blocks import Cover
from streams.owner import Owner
from streams.pages import PageStore

COVER = Cover("signalling.events/0/", "topic-1", 0, 10, 1_795_460_000_000)
TABLES = Tables(short_codes=(ShortCode("333", "voicemail"),))
BEGIN_MS = 1_795_460_000_000


def event(offset: int) -> bytes:
    """The call at an offset: paid for the first 20, then free, each of another payer."""
    rate = b"3.50" if offset < 20 else b"0"
    return (
        b'{"event":"attempt","call_id":"c%d","ts":%d,"caller":"+21260000%04d","called":"+333%d7654321","account":"a%d",'
        b'"rate":"%s","switch":"cas-1"}' % (offset, BEGIN_MS + offset * 7_000, offset, offset % 10, offset, rate)
    )


def rows_at(offsets: Iterable[int]) -> Rows:
    """The rows of the calls at these source offsets."""
    at = np.array(list(offsets), np.int64)
    decoded = decode([event(int(offset)) for offset in at])
    rows, rejects = rows_of(decoded, Network(home_country_code="212"), TABLES, np.zeros(len(at), np.int32), at)
    assert not rejects
    return rows


class MemoryStore(PageStore):
    """A page store over a list of records; what is sent after `crashed` is set is lost."""

    def __init__(self, log: list[tuple[str, bytes | None]]) -> None:
        self.log = log
        self.crashed = False
        self._partition = 0

    def _send(self, key: str, value: bytes | None) -> None:
        if not self.crashed:
            self.log.append((key, value))

    def _records(self) -> Iterator[tuple[str, bytes | None]]:
        yield from list(self.log)


class MemoryLog:
    """One partition of rows: its blocks by offset."""

    def __init__(self, blocks: Sequence[bytes]) -> None:
        self._blocks = blocks

    def between(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self._blocks[begin:end], begin)


def owner(store: MemoryStore, log: Sequence[bytes] = (), tables: Tables = TABLES) -> Owner:
    """An owner that has taken up what the store holds."""
    made = Owner(0, Detector(knowledge_of(tables, Limits()), 600_000, 86_400_000), store, MemoryLog(log))
    made.restore()
    return made


def checkpoint(subject: Owner, store: MemoryStore, upto: str = "end") -> None:
    """A checkpoint, or one that is cut short after its pages or its manifest."""
    manifest, gone = subject.write_pages()
    store.crashed = upto == "pages"
    subject.commit(manifest)
    store.crashed |= upto == "manifest"
    subject.saved(manifest, gone)
