"""The detector's durable state: immutable pages and a manifest per checkpoint on `ringfence.state`.

A page is written under a key that names the rows offset of its checkpoint and is never changed; the manifest of a
checkpoint names every page that belongs to it and is written last. A restart takes the manifest with the highest
offset, which is whole by construction; what it no longer needs is deleted only after it is durable
(docs/decisions/0001-state-as-immutable-pages.md).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from streams.errors import UsageError
from streams.outbox import Outbox
from streams.reading import to_the_end
from streams.settings import Settings

TOPIC = "ringfence.state"
FORMAT = 5
PART_BYTES = 900_000
PLAIN, DEFLATED = b"p", b"z"
"""First byte of a page: how the rest is packed."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """A page's key and the number of records that it was cut into; `until` (ms, event time): of no use afterwards."""

    key: str
    parts: int
    until: int = 1 << 62

    @property
    def records(self) -> list[str]:
        """The keys of its records, each of which says how many there are."""
        return [f"{self.key}#{number}/{self.parts}" for number in range(self.parts)]

    @property
    def offset(self) -> int:
        """The rows offset that it is of, where its key is NAME@OFFSET."""
        return int(self.key.rpartition("@")[2])


class Slices(msgspec.Struct, array_like=True):
    """Pages of a table's slices, by number; `since[n]`: the first rows offset that slice n's page may miss."""

    pages: dict[int, Page]
    since: list[int]


class Manifest(msgspec.Struct):
    """One checkpoint: everything below rows offset `next_offset` is applied, but for what `windows` says."""

    v: int
    next_offset: int
    applied: dict[str, int]
    detector: dict[str, Any]
    routes: dict[str, Page]
    older: dict[str, Page]
    prints: list[Page]
    journal: list[Page]
    windows: dict[str, Slices]


class Sealed(NamedTuple):
    """A manifest as it will be written: what happens meanwhile does not change it."""

    next_offset: int
    value: bytes


class PageStore:
    """Pages of one rows partition."""

    def __init__(self, settings: Settings, partition: int, outbox: Outbox) -> None:
        self._settings = settings
        self._partition = partition
        self._outbox = outbox

    def write(self, key: str, content: object, until: int = 1 << 62, *, level: int = 1) -> Page:
        """Send a page; it is durable when the outbox has settled.

        Args:
            key: names all that decides its content.
            content: what MessagePack can hold.
            until: event time (ms) after which it is of no use.
            level: of compression; 0: none, for what is as good as random.
        """
        raw = msgspec.msgpack.encode(content)
        raw = PLAIN + raw if level == 0 else DEFLATED + zlib.compress(raw, level)
        parts = [raw[begin : begin + PART_BYTES] for begin in range(0, len(raw), PART_BYTES)]
        page = Page(key, len(parts), until)
        for name, part in zip(page.records, parts, strict=True):
            self._send(name, part)
        return page

    @staticmethod
    def seal(manifest: Manifest) -> Sealed:
        """A manifest as it is now."""
        return Sealed(manifest.next_offset, zlib.compress(msgspec.msgpack.encode(manifest), 1))

    def commit(self, manifest: Sealed) -> None:
        """Send the manifest; call it when its pages are durable."""
        self._send(_manifest_key(manifest.next_offset), manifest.value)

    def drop(self, pages: Iterable[Page], next_offset: int | None) -> None:
        """Delete pages, and the manifest of an offset, that a durable manifest no longer needs."""
        for page in pages:
            for name in page.records:
                self._send(name, None)
        if next_offset is not None:
            self._send(_manifest_key(next_offset), None)

    def _send(self, key: str, value: bytes | None) -> None:
        self._outbox.send(TOPIC, value, key.encode(), self._partition)

    def _records(self) -> Iterator[tuple[str, bytes | None]]:
        for message in to_the_end(self._settings, TOPIC, self._partition):
            yield (message.key() or b"").decode(), message.value()

    def restore(self) -> "Restored | None":
        """The newest checkpoint, None where there is none.

        Raises:
            UsageError: it was written in another format.
        """
        kept: dict[str, bytes] = {}
        for key, value in self._records():
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
        manifests = [key for key in kept if key.startswith("manifest@")]
        if not manifests:
            return None
        newest = max(manifests, key=lambda key: int(key.partition("@")[2]))
        content = msgspec.msgpack.decode(zlib.decompress(kept[newest]))
        if content.get("v") != FORMAT:
            raise UsageError(
                f"{TOPIC}/{self._partition}: state of format {content.get('v')}, this version reads {FORMAT}"
                " (run the version that wrote it, or delete the topic to begin anew)"
            )
        return Restored(msgspec.convert(content, Manifest), kept, f"{TOPIC}/{self._partition}")


class Restored:
    """A checkpoint that was read back."""

    def __init__(self, manifest: Manifest, kept: dict[str, bytes], place: str) -> None:
        self.manifest = manifest
        self._kept = kept
        self._place = place

    def has(self, page: Page) -> bool:
        """Whether all of a page is there."""
        return all(name in self._kept for name in page.records)

    def page(self, page: Page) -> Any:
        """A page's content.

        Raises:
            UsageError: it is not there.
        """
        if not self.has(page):
            raise UsageError(
                f"{self._place}: page {page.key} of the state at offset {self.manifest.next_offset} is missing"
                " (delete the topic to begin anew)"
            )
        raw = b"".join(self._kept[name] for name in page.records)
        return msgspec.msgpack.decode(zlib.decompress(raw[1:]) if raw[:1] == DEFLATED else memoryview(raw)[1:])

    def stand_in(self, page: Page) -> Page:
        """A page NAME@OFFSET or, where it is gone, the newest of its name that is not above the checkpoint.

        Another owner that has not heard yet that the partition is no longer its own deletes what a page of its own has
        replaced. That page is there then, and no newer than the manifest that it had made durable before.
        """
        return page if self.has(page) else self.newest(page.key.rpartition("@")[0]) or page

    def newest(self, name: str) -> Page | None:
        """The newest page NAME@OFFSET that is not above the checkpoint, None where there is none."""
        found = []
        for record in self._kept:
            if record.startswith(f"{name}@"):
                key, _, part = record.rpartition("#")
                found.append(Page(key, int(part.partition("/")[2])))
        there = [one for one in found if self.has(one) and one.offset <= self.manifest.next_offset]
        return max(there, key=lambda one: one.offset, default=None)


def _manifest_key(next_offset: int) -> str:
    return f"manifest@{next_offset:020d}"
