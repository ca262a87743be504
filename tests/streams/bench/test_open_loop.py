"""Open-loop sending: nothing goes early, a stall is caught up with and told, and watched records are found again."""

import numpy as np
import pytest

from streams.bench import open_loop
from streams.bench.plants import Planted
from streams.bench.wire import Record
from streams.errors import DependencyError
from streams.settings import Settings


class Delivered:
    def __init__(self, offset):
        self._offset = offset

    def partition(self):
        return 2

    def offset(self):
        return self._offset


class Clock:
    """Time that passes only while somebody sleeps."""

    now_s = 1_000.0

    def monotonic(self):
        return self.now_s

    def time_ns(self):
        return int(self.now_s * 1e9)

    def sleep(self, seconds):
        self.now_s += seconds


class FakeProducer:
    """Takes records, remembers when (ms from the start), and stalls at one of them."""

    refused = None
    clock = Clock()
    stalled_at, stall_s = b"", 0.0

    def __init__(self, _config):
        self.sent, self.waiting = [], []

    def produce(self, _topic, value, _key, on_delivery=None):
        if value == self.stalled_at:
            self.clock.sleep(self.stall_s)
        self.sent.append((value, (self.clock.now_s - Clock.now_s) * 1_000))
        if on_delivery:
            self.waiting.append((on_delivery, len(self.sent) - 1))

    def poll(self, _timeout):
        for told, offset in self.waiting:
            told(self.refused, Delivered(offset))
        self.waiting.clear()

    def flush(self, _timeout):
        self.poll(0)
        return 0


@pytest.fixture
def producer(monkeypatch):
    made = type("Producer", (FakeProducer,), {"clock": Clock()})
    monkeypatch.setattr(open_loop, "Producer", made)
    monkeypatch.setattr(open_loop, "time", made.clock)
    return made


def schedule(times):
    return [Record(b"k", b"%d" % at) for at in times], np.array(times, np.int64)


def test_records_go_in_order_each_at_its_time(producer):
    sender = open_loop.Sender(Settings())
    planted = [Planted(25, b"k", b"25", "+43110"), Planted(45, b"k", b"45", None)]
    sent = sender.run(*schedule([0, 10, 30, 60]), planted)
    assert [value for value, _ in sender._producer.sent] == [b"0", b"10", b"25", b"30", b"45", b"60"]
    assert all(-1e-6 <= at_ms - int(value) <= 1.01 for value, at_ms in sender._producer.sent)
    assert sent.scheduled == {"signalling.events/2/2": 25}
    assert sent.begun_ms == Clock.now_s * 1_000


def test_a_stall_makes_what_follows_late_but_leaves_nothing_out(producer):
    producer.stalled_at, producer.stall_s = b"5", 0.08
    sender = open_loop.Sender(Settings())
    sent = sender.run(*schedule([0, 5, 10, 15, 20, 100]), [])
    assert len(sender._producer.sent) == 6
    assert sent.late_ms.max() == pytest.approx(75, abs=2.1)
    assert sent.late_ms[-1] < 1.01


def test_plants_alone_are_sent(producer):
    sender = open_loop.Sender(Settings())
    sender.run([], np.zeros(0, np.int64), [Planted(0, b"k", b"v", None)] * 3)
    assert len(sender._producer.sent) == 3


def test_a_record_that_kafka_refuses_is_an_error(producer):
    class Refusal:
        def str(self):
            return "no room"

    producer.refused = Refusal()
    with pytest.raises(DependencyError, match="no room"):
        open_loop.Sender(Settings()).run([], np.zeros(0, np.int64), [Planted(0, b"k", b"v", "+43110")])
