"""The forwarder: operators' records onto the findings log, byte for byte, from the beginning in every life."""

import pytest

from models.findings import NOTE_VALUE_MAX, Source, decode
from streams import forwarder
from streams.enforcers.worker import POLICY, Record
from streams.forwarder import TURN_MAX, Forwarder
from streams.settings import Settings


class Feed:
    """A topic that is read from its beginning."""

    def __init__(self, records) -> None:
        self._records = iter(records)

    def poll(self, _timeout_s):
        return next(self._records, None)


class Outbox(list):
    def send(self, topic, value, partition):
        assert (topic, partition) == ("ringfence.findings", 0)
        self.append(decode(value))


def record(offset, value: bytes | None = b"v", key: bytes | None = b"kill", headers=(("sig", b"\x00\xff"),)):
    return Record(POLICY, 0, offset, key, value, headers, None)


@pytest.fixture
def forwarded(monkeypatch):
    """Forward records, in one turn or more, in a life of its own."""

    def forward(*records, turns=1):
        monkeypatch.setattr(forwarder, "Feed", lambda *_: Feed(records))
        monkeypatch.setattr(forwarder, "topic_id", lambda *_: "id-1")
        outbox = Outbox()
        made = Forwarder(Settings(), outbox)
        for _ in range(turns):
            made.forward()
        return outbox

    return forward


def test_a_record_names_its_topic_and_offset_and_keeps_its_bytes(forwarded):
    (note,) = forwarded(record(7, b"\x00\xff{"))
    assert note.source == Source("policy:id-1", 0, 7)
    assert note.signed() == (b"kill", b"\x00\xff{", [("sig", b"\x00\xff")])


def test_every_life_forwards_the_same(forwarded):
    records = [record(offset) for offset in range(3)]
    assert forwarded(*records) == forwarded(*records)


def test_what_can_be_no_order_is_left_out_and_the_rest_goes_on(forwarded):
    tombstone, large = record(0, None), record(1, b"x" * (NOTE_VALUE_MAX + 1))
    keyless, bare = record(2, key=None), record(3, headers=None)
    assert [note.source.position for note in forwarded(tombstone, large, keyless, bare)] == [2, 3]


def test_a_long_topic_takes_several_turns(forwarded):
    records = [record(offset) for offset in range(TURN_MAX + 5)]
    assert len(forwarded(*records)) == TURN_MAX
    assert len(forwarded(*records, turns=2)) == TURN_MAX + 5
