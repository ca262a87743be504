"""Kill -9 of every role during the demo: it ends well, no command changes, no call is lost or counted twice."""

import json
from collections import Counter

import msgspec
import pytest

from models import commands
from models.decider import Stamp
from models.findings import decode
from streams import blocks
from streams.assembly import decider_of
from streams.coverage import Coverage
from streams.outbox import Outbox
from streams.pages import PageStore
from streams.signing import KeyRing, Role
from streams.tables import load_tables
from tests.integration.kept_demo import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def control(demo):
    """Topic, key and value of every command, in order."""
    return [(record.topic(), record.key(), record.value()) for record in demo.records("fraud.control")]


def test_the_block_came_and_ended_and_no_honest_call_was_refused(demo):
    assert "honest calls refused, these apart 0" in demo.table
    assert "released after the mend yes" in demo.table


def test_ids_are_what_they_are_made_of_and_none_is_written_twice(control):
    found = [commands.decode(value) for _, _, value in control]
    assert len({command.id for command in found}) == len(found)
    assert len({command.epoch for command in found}) == 1
    assert [command.seq for command in found] == sorted({command.seq for command in found})
    first = {}
    for command in found:
        key = command.target.key()
        begun = first.setdefault(command.incident, command)
        assert command.incident == commands.incident_id(key, begun.evidence["first_ts"])
        assert command.id == commands.command_id(command.incident, command.mode, command.action, command.lease)
    for incident in first:
        blocks_ = [command for command in found if (command.incident, command.action) == (incident, "block")]
        assert [command.lease for command in blocks_] == list(range(1, len(blocks_) + 1))


def test_a_fresh_decider_makes_the_same_bytes_of_the_same_log(demo, control):
    settings = demo.settings
    ring = KeyRing.load(settings.keys.dir)

    def verify(key, value, headers):
        return ring.verify(Role.OPERATOR, "fraud.policy", key, value, headers)

    decider = decider_of(settings, load_tables(settings), verify)
    epoch = json.loads(control[0][2])["epoch"]
    orders, incidents, heard = [], set(), []
    for record in demo.records("ringfence.findings"):
        decision = decider.take(decode(record.value()), Stamp(record.timestamp()[1], record.offset(), epoch))
        orders += [(o.topic, o.command.target.key().encode(), commands.encode(o.command)) for o in decision.orders]
        incidents |= {msgspec.json.encode(decider.record(incident, record.offset())) for incident in decision.incidents}
        heard += decision.heard
    assert orders == control
    assert {record.value() for record in demo.records("fraud.incidents")} <= incidents
    assert [(one.setting, one.fault) for one in heard] == [("budget:active_blocks", "")]


@pytest.fixture(scope="module")
def readable(demo):
    """Place of every event that can be read: each is a record of its own."""
    refused = {dict(letter.headers())["dlq.source"].decode() for letter in demo.records("signalling.dlq")}
    places = {f"signalling.events/{r.partition()}/{r.offset()}" for r in demo.records("signalling.events")}
    assert len(refused) == 2
    return places - {source.removesuffix("#0") for source in refused}


def covered(demo):
    """Place of every row that an owner takes, once for every time that it does."""
    taken = Counter()
    for partition in range(demo.settings.kafka.row_partitions):
        coverage = Coverage()
        for record in demo.records("ringfence.rows"):
            if record.partition() == partition:
                block = blocks.decode(record.value())
                rows = block.share.take(coverage.admit(block)).rows
                origins = [block.covers[source].origin for source in rows.source.tolist()]
                taken.update(f"{o}{offset}" for o, offset in zip(origins, rows.offset.tolist(), strict=True))
    return taken


def test_every_event_is_followed_by_one_owner(demo, readable):
    until(lambda: covered(demo).keys() >= readable)
    assert covered(demo) == Counter(readable)


def test_every_event_is_counted_once_in_the_durable_state(demo, readable):
    def counted():
        stores = [PageStore(demo.settings, p, Outbox(demo.settings)) for p in range(demo.settings.kafka.row_partitions)]
        found = [store.restore() for store in stores]
        return sum((Counter(one.manifest.detector["counts"]) for one in found if one), Counter())

    total = until(lambda: (now := counted()).total() >= len(readable) and now)
    assert total.total() == len(readable)
    assert total["duplicates"] == total["too_late"] == 0
