"""The detector's durable state: immutable pages and a manifest per checkpoint on `ringfence.state`.

A page is written under a key that names the rows offset of its checkpoint and is never changed; the manifest of a
checkpoint names every page that belongs to it and is written last. A restart takes the manifest with the highest
offset, which is whole by construction; what it no longer needs is deleted only after it is durable
(docs/decisions/0001-state-as-immutable-pages.md).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from streams.errors import UsageError
from streams.outbox import Outbox
from streams.reading import to_the_end
from streams.settings import Settings

TOPIC = "ringfence.state"
FORMAT = 3
PART_BYTES = 900_000


class Page(msgspec.Struct, frozen=True, array_like=True):
    """A page's key and the number of records that it was cut into; `until` (ms, event time): of no use afterwards."""

    key: str
    parts: int
    until: int = 1 << 62


class Manifest(msgspec.Struct):
    """One checkpoint: everything below rows offset `next_offset` is applied."""

    v: int
    next_offset: int
    applied: dict[str, int]
    detector: dict[str, Any]
    routes: dict[str, Page]
    older: dict[str, Page]
    prints: list[Page]


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
            level: of compression; 0 for what is as good as random.
        """
        raw = zlib.compress(msgspec.msgpack.encode(content), level)
        parts = [raw[begin : begin + PART_BYTES] for begin in range(0, len(raw), PART_BYTES)]
        for number, part in enumerate(parts):
            self._send(f"{key}#{number}", part)
        return Page(key, len(parts), until)

    def commit(self, manifest: Manifest) -> None:
        """Send the manifest; call it when its pages are durable."""
        self._send(_manifest_key(manifest.next_offset), zlib.compress(msgspec.msgpack.encode(manifest), 1))

    def drop(self, pages: Iterable[Page], next_offset: int | None) -> None:
        """Delete pages, and the manifest of an offset, that a durable manifest no longer needs."""
        for page in pages:
            for number in range(page.parts):
                self._send(f"{page.key}#{number}", None)
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
        return Restored(msgspec.convert(content, Manifest), kept)


class Restored:
    """A checkpoint that was read back."""

    def __init__(self, manifest: Manifest, kept: dict[str, bytes]) -> None:
        self.manifest = manifest
        self._kept = kept

    def page(self, page: Page) -> Any:
        """A page's content."""
        raw = b"".join(self._kept[f"{page.key}#{number}"] for number in range(page.parts))
        return msgspec.msgpack.decode(zlib.decompress(raw))


def _manifest_key(next_offset: int) -> str:
    return f"manifest@{next_offset:020d}"
