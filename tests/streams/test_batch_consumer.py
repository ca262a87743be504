"""What librdkafka answers for several partitions at once; all else is tested on a real Kafka (`tests/integration`)."""

from ctypes import pointer

import numpy as np
import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import foreign
from streams.batch_consumer import LAYOUT, offsets_of, warm
from streams.librdkafka import Place, Places


def answered(*errors):
    """A list of partitions 0, 1… with an error each, 0 for none."""
    elements = (Place * len(errors))(*(Place(b"t", number, 7, err=code) for number, code in enumerate(errors)))
    return pointer(Places(len(errors), len(errors), elements))


def test_the_kernels_compile_ahead():
    warm()
    kernels = (foreign.read, foreign.joined, foreign.give_back)
    compiled = [kernel.signatures[:] for kernel in kernels]
    messages = np.empty(9, np.int64)[:0]
    fields = foreign.read(messages, LAYOUT, foreign.FIELDS)
    foreign.joined(fields[foreign.VALUE], fields[foreign.VALUE_BYTES])
    foreign.give_back(messages, foreign.FIELDS)
    assert [kernel.signatures for kernel in kernels] == compiled


def test_offsets_are_those_of_their_partitions():
    assert offsets_of(answered(0, 0)) == {0: 7, 1: 7}
    assert offsets_of(answered()) == {}


def test_an_error_of_one_partition_is_an_error_of_all():
    with pytest.raises(KafkaException) as raised:
        offsets_of(answered(0, KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert raised.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert raised.value.args[0].str() == "Broker: Topic authorization failed"
