"""Slices of the windows that were written at different checkpoints are, after a restart, as if nothing had stopped."""

import zlib
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import sightings
from streams import window_pages
from streams.blocks import Cover, encode
from streams.owner import Owner
from streams.window_pages import CLEAN
from tests.owned import BEGIN_MS, MemoryStore, checkpoint, owner, rows_at

CALLS = 60
BLOCKS = 12


@pytest.fixture(autouse=True)
def one_slice_at_a_time(monkeypatch):
    """The smallest budget: every checkpoint writes the one slice that has waited longest."""
    monkeypatch.setattr(window_pages, "BYTES_MIN", 1)
    monkeypatch.setattr(window_pages, "BYTES_PER_ROW", 0)


def block(begin: int, end: int, copies: int = 2) -> bytes:
    """The calls of some offsets, after copies of the calls before them."""
    cover = Cover("signalling.events/0/", "topic-1", begin, end, BEGIN_MS + max(end - 1, 0) * 7_000)
    rows = rows_at([*range(max(begin - copies, 0), begin), *range(begin, end)])
    rows.offset[:] = [begin] * min(copies, begin) + list(range(begin, end))
    return encode((cover,), rows)


def log_of(points: list[int]) -> list[bytes]:
    edges = sorted({0, CALLS, *points})
    return [block(begin, end) for begin, end in pairwise(edges)]


def slices(subject: Owner) -> dict[str, list[bytes]]:
    tables = subject.detector.sightings.tables
    return {name: [table.slice_bytes(n) for n in range(table.dirty.size)] for name, table in tables.items()}


def undisturbed(log: list[bytes]) -> dict[str, list[bytes]]:
    subject = owner(MemoryStore([]), log)
    for offset, value in enumerate(log):
        subject.take(offset, value)
    assert subject.detector.counts["counted"] == CALLS
    return slices(subject)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, CALLS - 1), min_size=3, max_size=BLOCKS),
    st.sets(st.integers(0, BLOCKS), max_size=6),
    st.lists(st.integers(0, BLOCKS), max_size=3),
    st.sampled_from(["end", "pages", "manifest"]),
)
def test_a_crash_at_any_point_changes_no_window(points, saved_at, crashed_at, upto):
    log, records = log_of(points), []
    subject, offset, crashes = owner(MemoryStore(records), log), 0, sorted(crashed_at)
    while offset < len(log):
        subject.take(offset, log[offset])
        last = offset == (crashes[0] if crashes else -1)
        if offset in saved_at:
            store = subject._store
            checkpoint(subject, store, upto if last else "end")
        if last:
            crashes.pop(0)
            subject = owner(MemoryStore(records), log)
            offset = subject.next_offset
        else:
            offset += 1
    assert slices(subject) == undisturbed(log)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4)), min_size=4, max_size=14), st.integers(6, 12))
def test_two_owners_that_both_go_on_leave_a_state_that_can_be_restored(monkeypatch, turns, begun):
    """One of them was paused, and does not know yet that the partition is the other's: it writes, and deletes."""
    monkeypatch.setattr(sightings, "SLICES", (1, 1, 1, 1, 1))
    log, records = log_of(list(range(2, CALLS, 2))), []
    first = owner(MemoryStore(records), log)
    for offset in range(begun):
        first.take(offset, log[offset])
        checkpoint(first, first._store)
    owners = [first, owner(MemoryStore(records), log)]
    for which, blocks in turns:
        subject = owners[which]
        for offset in range(subject.next_offset, min(subject.next_offset + blocks, len(log))):
            subject.take(offset, log[offset])
        if subject.changed:
            checkpoint(subject, subject._store)
    last = owner(MemoryStore(records), log)
    assert last.next_offset == max(subject.next_offset for subject in owners)
    for offset in range(last.next_offset, len(log)):
        last.take(offset, log[offset])
    assert slices(last) == undisturbed(log)
    assert last.detector.snapshot()["counts"]["counted"] == CALLS


def test_a_manifest_may_come_late_from_an_owner_that_has_lost_the_partition():
    """By then the other has written slices that it does not name, and dropped the journal that these had needed."""
    log, records = log_of([20, 40]), []
    late = owner(MemoryStore(records), log)
    for offset, value in enumerate(log):
        late.take(offset, value)
    manifest, gone = late.write_pages()
    other = owner(MemoryStore(records), log)
    for offset, value in enumerate(log):
        other.take(offset, value)
    while other.changed:
        checkpoint(other, other._store)
    late.commit(manifest)
    late.saved(manifest, gone)
    assert slices(owner(MemoryStore(records), log)) == undisturbed(log)


def test_pages_of_slices_that_changed_are_written_in_turn_until_none_waits():
    log, records = log_of([20, 40]), []
    store = MemoryStore(records)
    subject = owner(store, log)
    for offset, value in enumerate(log):
        subject.take(offset, value)
        checkpoint(subject, store)
    waiting = [subject._windows.oldest]
    while subject._windows.oldest != CLEAN:
        manifest, gone = subject.write_pages()
        subject.commit(manifest)
        subject.saved(manifest, gone)
        waiting.append(subject._windows.oldest)
    assert waiting == sorted(waiting)
    assert msgspec.msgpack.decode(zlib.decompress(manifest.value))["journal"] == []
    assert slices(owner(MemoryStore(records), [])) == undisturbed(log)


def test_a_page_that_was_replaced_and_a_journal_that_nobody_needs_are_deleted():
    log, records = log_of(list(range(5, CALLS, 5))), []
    store = MemoryStore(records)
    subject = owner(store, log)
    for offset, value in enumerate(log):
        subject.take(offset, value)
        checkpoint(subject, store)
    while subject._windows.oldest != CLEAN:
        checkpoint(subject, store)
    kept = [key for key, value in dict(records).items() if value is not None]
    named = [key for key in kept if not key.startswith(("manifest@", "route/", "answered/", "prints/"))]
    assert len({key.split("@")[0] for key in named}) == len(named)
    assert not any(key.startswith("journal/") for key in named)
