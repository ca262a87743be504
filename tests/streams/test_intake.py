"""The intake between Kafka and its outbox: what is committed, what owners are told, and that cuts do not matter."""

import threading

import numpy as np
import pytest
from confluent_kafka import KafkaError, Message
from hypothesis import given
from hypothesis import strategies as st

from models.admission import Admission
from models.tables import FreePrefix, Tables
from streams import blocks, metrics
from streams.coverage import Coverage
from streams.dead_letters import TOPIC as DEAD_LETTERS
from streams.errors import DependencyError
from streams.heartbeat import Heartbeat
from streams.intake import ROWS, Intake
from streams.kafka import MAX_BLOCK_BYTES
from streams.settings import Settings
from streams.table_watch import TableWatch
from tests.streams.fake_kafka import APPENDED_MS, FakeConsumer, FakeOutbox, fetched, message

SETTINGS = Settings(network={"home_country_code": "212"})
BEGIN_MS = 1_795_460_000_000
TARGETS = 3


def event(number: int, ts: int = BEGIN_MS, called: str = "+33387654321", rate: str = "0") -> bytes:
    return (
        f'{{"event":"attempt","call_id":"c{number}","ts":{ts},"caller":"+212661000001",'
        f'"called":"{called}","rate":"{rate}"}}'
    ).encode()


def records(first: int, until: int, partition: int = 0) -> list[Message]:
    return [message(partition, offset, event(offset)) for offset in range(first, until)]


def assign(*partitions: int):
    return lambda consumer: consumer.on_assign(list(partitions))


def revoke(*partitions: int):
    return lambda consumer: consumer.on_revoke(list(partitions))


def lose(*partitions: int):
    return lambda consumer: consumer.on_lost(list(partitions))


def run(steps, outbox=None, watch=None, **traits) -> tuple[FakeConsumer, FakeOutbox]:
    stop, outbox = threading.Event(), outbox or FakeOutbox(TARGETS)
    consumer = FakeConsumer(list(steps), stop)
    for name, value in traits.items():
        setattr(consumer, name, value)
    Intake(SETTINGS, watch or TableWatch(SETTINGS, Tables()), consumer, outbox, "id").run(stop, Heartbeat(None))
    return consumer, outbox


def rows_of(outbox: FakeOutbox) -> list[blocks.Block]:
    return [blocks.decode(value) for topic, value, *_ in outbox.sent if topic == "ringfence.rows"]


def test_every_owner_is_told_what_is_covered_before_it_is_committed():
    consumer, outbox = run([assign(0), records(0, 7)])
    assert consumer.commits == [{0: 7}]
    told = {(target, c.begin, c.end) for _, v, _, target, _ in outbox.sent for c in blocks.decode(v).covers}
    assert told == {(target, 0, 7) for target in range(TARGETS)}


def test_a_fault_in_the_middle_of_a_batch_commits_nothing_of_it():
    consumers = []

    def remember(consumer):
        consumers.append(consumer)

    outbox = FakeOutbox(TARGETS, refuse=[True])
    with pytest.raises(ZeroDivisionError):
        run([assign(0), remember, records(0, 7)], outbox)
    assert consumers[0].commits == []
    assert rows_of(outbox) == []


@pytest.mark.parametrize("goes", [revoke, lose])
def test_records_of_a_partition_that_went_to_another_member_are_passed_over(goes):
    consumer, outbox = run([assign(0, 1), records(0, 3), goes(0), records(3, 9) + records(0, 2, partition=1)])
    committed = [commit.get(0) for commit in consumer.commits]
    assert committed == ([3, None] if goes is revoke else [None])
    assert consumer.stored[1] == 2
    assert max(cover.end for block in rows_of(outbox) for cover in block.covers if cover.origin.endswith("/0/")) == 3


def test_a_partition_that_comes_back_is_read_from_where_it_was_committed():
    consumer, outbox = run(
        [assign(0), records(0, 3), lose(0), assign(0), records(0, 2), records(0, 5)], stored={}, assigned={}
    )
    coverage = {target: Coverage() for target in range(TARGETS)}
    counted = []
    for _, value, _, target, _ in outbox.sent:
        block = blocks.decode(value)
        counted += block.share.take(coverage[target].admit(block)).rows.offset.tolist()
    assert sorted(counted) == [0, 1, 2, 3, 4]
    assert consumer.commits == [{0: 5}]


def test_offsets_that_cannot_be_read_are_not_taken_for_none():
    error = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    with pytest.raises(DependencyError, match="cannot read the committed offsets"):
        run([assign(0)], committed_error=error)


def test_a_commit_that_one_partition_refused_is_an_error():
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(DependencyError, match="cannot commit offsets"):
        run([assign(0), records(0, 3)], commit_error=error)


TIMES = st.lists(st.integers(0, 40), min_size=2, max_size=30)
COUNTRIES = ("+33387654321", "+4930123456", "+390612345678", "+34911234567")


@given(TIMES, st.data())
def test_lateness_does_not_depend_on_how_records_were_cut(minutes, data):
    cuts = data.draw(st.sets(st.integers(1, len(minutes) - 1)))
    commits = data.draw(st.sets(st.sampled_from(sorted(cuts)))) if cuts else set()
    values = [
        event(number, BEGIN_MS + minute * 60_000, COUNTRIES[number % len(COUNTRIES)])
        for number, minute in enumerate(minutes)
    ]
    assert verdicts(values, cuts, commits) == verdicts(values, set(range(1, len(values))), set())


def verdicts(values: list[bytes], cuts: set[int], commits: set[int]) -> dict[int, int]:
    """What the owners say of each record, read in batches that end at `cuts`."""
    outbox = FakeOutbox(TARGETS)
    intake = Intake(SETTINGS, TableWatch(SETTINGS, Tables()), FakeConsumer([], None), outbox, "id")
    intake._resume(0, 0)
    begin = 0
    for end in [*sorted(cuts), len(values)]:
        with fetched([message(0, offset, values[offset]) for offset in range(begin, end)]) as (batch, _):
            intake.take(batch)
        if end in commits:
            intake.commit()
        begin = end
    found: dict[int, int] = {}
    admissions = {target: Admission(600_000, 86_400_000) for target in range(TARGETS)}
    for _, value, _, target, _ in outbox.sent:
        admission, block = admissions[target], blocks.decode(value)
        admission.source(0)
        judged = admission.judge(block.share.outline)
        admission.advance(0, max(cover.high for cover in block.covers))
        found |= dict(zip(block.share.outline.offset.tolist(), judged.verdicts.tolist(), strict=True))
    return found


def test_an_owner_that_gets_no_rows_learns_how_far_event_time_has_come():
    _, outbox = run([assign(0), records(0, 7)])
    assert {cover.high for block in rows_of(outbox) for cover in block.covers} == {BEGIN_MS}


def test_records_too_long_for_one_block_become_several():
    wide = [message(0, n, event(n)[:-1] + named(n) + b"}") for n in range(3500)]
    _, outbox = run([assign(0), [*wide, message(0, 3500, b"{")]])
    sent = [(len(value), blocks.decode(value).share.rows.offset) for topic, value, *_ in outbox.sent if topic == ROWS]
    assert sorted(np.concatenate([offset for _, offset in sent])) == list(range(3500))
    assert max(size for size, _ in sent) < MAX_BLOCK_BYTES
    assert [topic for topic, *_ in outbox.sent].count(DEAD_LETTERS) == 1


def named(number: int) -> bytes:
    """Names of which no two are equal."""
    names = ("switch", "trunk", "plan", "rate_key", "currency")
    return "".join(f',"{name}":"{number:0240}{name}"' for name in names).encode()


def test_blocks_carry_when_their_oldest_record_was_appended():
    _, outbox = run([assign(0), records(0, 1)])
    assert outbox.sent[0][4] == [("appended", str(APPENDED_MS).encode())]


def test_the_age_of_the_newest_event_is_measured():
    run([assign(0), records(0, 1)])
    assert metrics.EVENT_AGE._value.get() == (APPENDED_MS - BEGIN_MS) / 1000


def test_new_tables_price_the_next_records_and_what_was_taken_before_is_committed_first(monkeypatch):
    monkeypatch.setattr("streams.intake.COMMIT_S", 0.0)
    free = Tables(free_prefixes=(FreePrefix("+333"),))
    answers = [None, free, None, None]

    class Watch(TableWatch):
        def changed(self):
            return answers.pop(0) if answers else None

    consumer, outbox = run([assign(0), records(0, 2), records(2, 4)], watch=Watch(SETTINGS, Tables()))
    followed = [block.share.rows for block in rows_of(outbox)]
    prices = {int(o): int(p) for rows in followed for o, p in zip(rows.offset, rows.price, strict=True)}
    assert prices[0] == prices[1] != prices[2] == prices[3]
    assert consumer.commits == [{0: 2}, {0: 4}]


def test_the_largest_array_goes_in_one_block():
    array = b"[" + b",".join(event(number) for number in range(8_500)) + b"]"
    _, outbox = run([assign(0), [message(0, 0, array), message(0, 1, event(8_501))]])
    followed = [block.share.rows.offset for block in rows_of(outbox)]
    assert np.concatenate(followed).tolist().count(0) == 8_500
