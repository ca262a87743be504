"""Where the intake begins to read, and which errors end it."""

import pytest
from confluent_kafka import KafkaError

from streams.errors import DependencyError, RingfenceError
from streams.event_source import begins_of, heed
from tests.streams.fake_kafka import FakeConsumer


class From(FakeConsumer):
    """Its first records are gone."""

    def bounds(self, _partition, timeout_s):
        return 5, 1_000


@pytest.mark.parametrize(("stored", "begin"), [({}, 5), ({0: 5}, 5), ({0: 7}, 7)])
def test_it_begins_where_it_committed_or_with_the_first_record(stored, begin):
    consumer = From([], None)
    consumer.stored = stored
    assert begins_of(consumer, [0]) == {0: begin}


def test_records_that_are_gone_before_they_were_read_stop_it():
    consumer = From([], None)
    consumer.stored = {0: 4}
    with pytest.raises(RingfenceError, match="offsets 4 to 4 were deleted before they were read"):
        begins_of(consumer, [0])


def test_what_a_client_mends_by_itself_is_passed_over():
    heed([KafkaError(KafkaError._TRANSPORT), KafkaError(KafkaError._ALL_BROKERS_DOWN)])


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (KafkaError(KafkaError._AUTO_OFFSET_RESET, "out of range"), RingfenceError, "not read yet are gone"),
        (KafkaError(KafkaError.INVALID_REQUEST, "fenced", fatal=True), DependencyError, "fenced"),
    ],
)
def test_what_it_cannot_go_on_after_stops_it(error, kind, text):
    with pytest.raises(kind, match=text):
        heed([KafkaError(KafkaError._TRANSPORT), error])
