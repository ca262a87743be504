"""An owner that stops and starts anywhere gives what one gives that never stopped, whatever way its blocks were cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.findings import Leak
from models.odds import Limits
from models.rules import knowledge_of
from models.share import Share
from models.tables import Tables
from streams.blocks import Block, Cover, encode
from streams.coverage import Coverage, GapError
from tests.owned import BEGIN_MS, TABLES, MemoryStore, checkpoint, owner, rows_at

CALLS = 40


def block(begin: int, end: int) -> bytes:
    cover = Cover("signalling.events/0/", "topic-1", begin, end, BEGIN_MS + max(end - 1, 0) * 7_000)
    return encode((cover,), rows_at(range(begin, end)))


def cut(points: list[int]) -> list[tuple[int, int]]:
    edges = sorted({0, CALLS, *points})
    return list(pairwise(edges))


def leaks(findings: list) -> list:
    """Findings without the position in the log, which is the cut's."""
    return [(f.subject, f.grade, f.evidence) for f in findings if isinstance(f, Leak)]


def undisturbed() -> list:
    return leaks(owner(MemoryStore([])).take(0, block(0, CALLS)))


def test_the_calls_of_these_tests_show_a_leak():
    assert any(grade == "block" and subject.value == "+333" for subject, grade, _ in undisturbed())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, CALLS - 1), max_size=6),
    st.integers(0, 6),
    st.integers(0, 6),
    st.sampled_from(["end", "pages", "manifest"]),
)
def test_a_crash_at_any_point_changes_nothing(points, saved_at, crashed_at, upto):
    log = [block(begin, end) for begin, end in cut(points)]
    records: list = []
    store = MemoryStore(records)
    subject, told = owner(store, log), {}
    for offset, value in enumerate(log):
        for finding in subject.take(offset, value):
            told[offset, finding.source.index] = finding
        if offset == saved_at:
            checkpoint(subject, store, upto)
        if offset == crashed_at:
            break
    again = owner(MemoryStore(records), log)
    for offset, value in enumerate(log):
        for finding in again.take(offset, value):
            repeated = told.setdefault((offset, finding.source.index), finding)
            assert repeated == finding
    assert leaks([told[key] for key in sorted(told)]) == undisturbed()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, CALLS - 1), max_size=5), st.integers(1, CALLS - 1), st.lists(st.integers(1, CALLS - 1)))
def test_blocks_that_were_cut_anew_after_a_restart_of_the_intake_count_once(first, resumed, second):
    log = [(b, e) for b, e in cut(first) if b < resumed]
    log += [(max(b, resumed // 2), e) for b, e in cut(second) if e > resumed // 2]
    subject, found = owner(MemoryStore([])), []
    for offset, (begin, end) in enumerate(log):
        found += subject.take(offset, block(begin, end))
    assert leaks(found) == undisturbed()
    assert subject.detector.counts["counted"] == CALLS


def test_a_gap_stops_the_partition():
    coverage = Coverage()
    cover = Cover("signalling.events/0/", "topic-1", 0, 5, 0)
    coverage.admit(Block((cover,), Share.of(rows_at(range(5)))))
    with pytest.raises(GapError, match="offsets 5 to 6 never came"):
        coverage.admit(Block((Cover("signalling.events/0/", "topic-1", 7, 9, 0),), Share.of(rows_at(range(7, 9)))))


def test_a_topic_made_anew_is_another_source():
    coverage = Coverage({"signalling.events/0/topic-1": 100})
    new = coverage.admit(Block((Cover("signalling.events/0/", "topic-2", 0, 3, 0),), Share.of(rows_at(range(3)))))
    assert new.all()


@given(st.lists(st.integers(1, CALLS - 1), max_size=6), st.integers(0, 6))
def test_an_owner_that_learns_what_it_knew_already_goes_on_as_before(points, at):
    subject, found = owner(MemoryStore([])), []
    for offset, (begin, end) in enumerate(cut(points)):
        found += subject.take(offset, block(begin, end))
        if offset == at:
            subject.detector.know(knowledge_of(TABLES, Limits()))
    assert leaks(found) == undisturbed()
    assert subject.detector.counts["counted"] == CALLS


def test_an_owner_judges_by_the_tables_that_it_was_given_last():
    subject = owner(MemoryStore([]), tables=Tables())
    subject.take(0, block(0, 20))
    subject.detector.know(knowledge_of(TABLES, Limits()))
    assert leaks(subject.take(1, block(20, CALLS))) == undisturbed()
    blind = owner(MemoryStore([]), tables=Tables())
    assert leaks(blind.take(0, block(0, CALLS))) != undisturbed()
