"""The published contract: it is what the code generates, its examples validate, and so does what the code writes."""

import json

import msgspec
import pytest
from hypothesis import assume, given, settings
from jsonschema import Draft202012Validator

from models import commands, orders
from models.decider import Decider, Stamp
from models.findings import Evidence, Leak, Mended, Source, Subject, Tick
from models.policy import Policy
from models.records import decode
from models.rejects import Reason
from models.targets import Scope, Target
from streams.asyncapi import CHANNELS, MESSAGES, files
from streams.enforcers.reports import Ack, Heartbeat
from streams.kafka_settings import Kafka
from streams.key_files import Role, new_key
from streams.signing import KeyRing
from streams.topics import wanted
from tests.bad_events import BAD_EVENTS
from tests.contract import REFERENCE, SCHEMAS, faults
from tests.examples import ANSWER, ATTEMPT, RELEASE, TS, hostile
from tests.support.findings_log import SEEN, burst

COMMAND = {
    "v": 1,
    "id": "6f1c2f0e-5d0b-5c59-9d4f-0d2f7a3b6a10",
    "incident": "0b7a8c1d-12ab-5f00-8a55-3f8e4c1b2d77",
    "action": "block",
    "target": {"scope": "prefix", "value": "+333"},
    "mode": "enforce",
    "reason": "zero_cost_route",
    "summary": "Calls to +333 (France) are rated free: short code 333 (voicemail) was entered as +333.",
    "evidence": {
        "free_calls": 3, "payers": 3, "called": 3, "first_ts": TS, "last_ts": 1795467961950, "paid_since_first": 0,
        "free_share_before": 0.0004, "log10_odds": 8.1, "expected_rate": "3.50", "currency": "MAD",
        "offsets": ["signalling.events/2/991823"],
    },
    "diagnosis": {"kind": "plus_before_short_code", "entry": "333", "entry_name": "voicemail", "wrong": "+333",
                  "frees": "+33 3: 49,359,000 numbers", "fix": "write 333"},
    "impact": {"paid_share_1h": 0.0012, "calls_per_h": 14, "numbers": 49359000},
    "score": 0.97,
    "model": "sha256:00",
    "rules": "sha256:00",
    "issued_at": 1795467962010,
    "expires_at": 1795468862010,
    "lease": 1,
    "detector": "det-1",
    "epoch": 7,
    "seq": 1234,
    "supersedes": None,
}  # fmt: skip
"""Contract, section 3, with its ids and texts written out."""

ORDER = {
    "v": 1, "setting": "allow:prefix:+333", "value": True, "author": "noc", "reason": "a test", "at": TS,
    "until": TS + 1,
}  # fmt: skip


def test_the_committed_files_are_what_the_code_generates():
    committed = {str(path.relative_to(REFERENCE)): path.read_bytes() for path in REFERENCE.rglob("*.json")}
    assert committed == files(), "write them anew: python -m streams.asyncapi docs/reference"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_of_2020_12(name):
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("event-record", ATTEMPT),
        ("event-record", ANSWER),
        ("event-record", RELEASE),
        ("event-record", [ATTEMPT, ANSWER, RELEASE]),
        ("event-record", []),
        ("event", {**ATTEMPT, "ts": "2026-11-24T01:06:00.281+01:00", "rate": 0.5, "note": "unknown"}),
        ("event", {**ATTEMPT, "rate": None, "caller": ""}),
        ("event", {**ATTEMPT, "called": "+33 (3) 87-65.43/21"}),
        ("event", {**ATTEMPT, "called": "*123#"}),
        ("command", COMMAND),
        ("shadow-command", {**COMMAND, "mode": "shadow"}),
        ("command", {**COMMAND, "action": "limit", "args": {"calls_per_minute": 1}}),
        ("command", {**COMMAND, "target": {"scope": "account", "value": "acc-1", "switch": "fes-msc-1", "plan": "x"}}),
        ("command", {**COMMAND, "reason": "operator", "evidence": {"author": "noc", "reason": "a test"}}),
        ("order", ORDER),
        ("order", {**ORDER, "setting": "mode", "value": "shadow", "until": None}),
    ],
)
def test_an_example_of_the_contract_validates(schema, value):
    assert faults(schema, value) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("event-record", [ATTEMPT, {}]),
        ("event-record", [[ATTEMPT]]),
        ("command", {**COMMAND, "mode": "shadow"}),
        ("shadow-command", COMMAND),
        ("command", {**COMMAND, "v": 2}),
        ("command", {**COMMAND, "action": "refuse"}),
        ("command", {**COMMAND, "action": "limit"}),
        ("command", {**COMMAND, "action": "limit", "args": {}}),
        ("command", {**COMMAND, "action": "limit", "args": {"calls_per_day": 1}}),
        ("command", {**COMMAND, "expires_at": None}),
        ("command", {**COMMAND, "id": "17"}),
        ("command", {**COMMAND, "target": {"scope": "prefix", "value": "333"}}),
        ("command", {**COMMAND, "target": {"scope": "prefix", "value": ""}}),
        ("command", {**COMMAND, "target": {"scope": "account", "value": "*"}}),
        ("command", {**COMMAND, "target": {"scope": "prefix", "value": "+333", "cell": "7"}}),
        ("command", {**COMMAND, "target": {"scope": "prefix", "value": "+333", "switch": ""}}),
        ("command", {**COMMAND, "evidence": {**COMMAND["evidence"], "payers": "three"}}),
        ("command", {**COMMAND, "reason": "rate_burst"}),
        ("order", {**ORDER, "until": None}),
        ("order", {**ORDER, "setting": "kill", "value": "yes"}),
        ("order", {**ORDER, "setting": "mode", "value": "on"}),
        ("order", {**ORDER, "setting": "budget:impact_total", "value": -1}),
        ("order", {**ORDER, "setting": "colour"}),
    ],
)
def test_what_the_contract_forbids_does_not(schema, value):
    assert faults(schema, value)


SAID_BY_FIELDS = {Reason.UNKNOWN_VERSION, Reason.MISSING_FIELD, Reason.BAD_FIELD, Reason.BAD_AMOUNT, Reason.BAD_CALLED}


def _parsed(record):
    try:
        return json.loads(record.decode())
    except ValueError:
        return None  # more digits than Python reads


@pytest.mark.parametrize("bad", [bad for bad in BAD_EVENTS if bad.reason in SAID_BY_FIELDS], ids=lambda bad: bad.name)
def test_what_the_intake_refuses_for_a_field_the_schema_refuses(bad):
    record = _parsed(bad.record)
    assert record is None or faults("event-record", record)


def _no_copies(pairs):
    assume(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def _no_constant(text):
    raise ValueError(text)


@settings(max_examples=200, deadline=None)
@given(hostile())
def test_what_the_schema_accepts_the_intake_accepts(record):
    try:
        value = json.loads(record.decode(), object_pairs_hook=_no_copies, parse_constant=_no_constant)
    except ValueError:
        return
    assume(not faults("event-record", value))
    dated = any(isinstance(one["ts"], str) for one in (value if isinstance(value, list) else [value]))
    assume(not dated)  # no pattern knows the length of February, or the year 2000
    assert decode([record]).rejects == []


LEAK = Leak(
    Source("rows", 0, 5),
    Subject("prefix", "+333", switch="fes-msc-1"),
    "block",
    "free_where_paid_before",
    Evidence(3, 3, 3, TS, TS + 1_000, 0, 0.0, 8.1, "3.50", "MAD", ("signalling.events/2/17",)),
    "33",
    TS,
    answered=0,
    entry="333",
    entry_kind="plus_before_short_code",
)


def _decided(policy, *findings):
    """Every command and incident that findings, half an hour from the first to the last, lead to."""
    decider = Decider(policy, {"333": "voicemail"}, "sha256:00", "ringfence")
    for number, finding in enumerate(findings):
        at = TS + 2_000 + number * policy.half_open_after_ms
        decision = decider.take(finding, Stamp(at, number, 1))
        yield from ((order.topic, commands.encode(order.command)) for order in decision.orders)
        yield from (("fraud.incidents", msgspec.json.encode(decider.record(i, number))) for i in decision.incidents)


BURST = burst(at_ms=TS, source=LEAK.source, **SEEN)


@pytest.mark.parametrize("mode", ["enforce", "limit", "shadow"])
@pytest.mark.parametrize("grade", ["block", "limit", "shadow", "held"])
@pytest.mark.parametrize("proof", [LEAK, BURST])
def test_what_the_decider_writes_validates(mode, grade, proof):
    mended = Mended(Source("rows", 0, 9), LEAK.subject, TS, TS + 5_000)
    findings = (msgspec.structs.replace(proof, grade=grade), Tick(Source("clock", 0, 1)), mended)
    written = list(_decided(Policy(mode=mode), *findings))
    assert "fraud.incidents" in {topic for topic, _ in written}
    for topic, value in written:
        (message,) = CHANNELS[topic].messages
        assert faults(MESSAGES[message].schema, value) == []


def test_a_whole_life_of_a_block_was_seen():
    mended = Mended(Source("rows", 0, 9), LEAK.subject, TS, TS + 5_000)
    written = list(_decided(Policy(), LEAK, Tick(Source("clock", 0, 1)), mended))
    actions = [json.loads(value)["action"] for topic, value in written if topic == "fraud.control"]
    assert actions == ["block", "limit", "release"]


def test_what_enforcers_and_operators_write_validates():
    ack = Ack("6f1c2f0e", "sw1-log", 200, TS, 1, None)
    beat = Heartbeat("sw1-log", TS, ("sw1",), {"fraud.control/0": 17}, "00", 1, False, {"200": 1})
    order = orders.Order(setting="kill", value=True, author="noc", reason="outage", at=TS)
    for schema, value in (("acknowledgement", ack), ("heartbeat", beat)):
        assert faults(schema, msgspec.json.encode(value)) == []
    assert faults("order", orders.encode(order)) == []


def test_signature_headers_validate(tmp_path):
    new_key(tmp_path, Role.DECIDER, "d1")
    headers = dict(KeyRing.load(tmp_path).signer(Role.DECIDER).sign("fraud.control", b"prefix:+333", b"{}"))
    readable = {name: value.decode("latin-1") for name, value in headers.items()}
    assert faults("signature-headers", readable) == []
    assert faults("signature-headers", {**readable, "alg": "none"})


def _document():
    return json.loads((REFERENCE / "asyncapi.json").read_text())


def _channels():
    return {channel["address"]: channel for channel in _document()["channels"].values()}


def test_every_public_topic_is_in_the_document_with_its_configuration():
    channels = _channels()
    public = {topic.name: topic for topic in wanted(Kafka()) if not topic.internal}
    assert channels.keys() == public.keys()
    for name, topic in public.items():
        binding = channels[name]["bindings"]["kafka"]
        said = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in binding["topicConfiguration"].items()}
        assert (binding["partitions"], said) == (topic.partitions, dict(topic.config))


HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("topic", "policy", "retention_ms", "append_time"),
    [
        ("signalling.events", ["delete"], 72 * HOUR_MS, True),
        ("signalling.dlq", ["delete"], 7 * DAY_MS, False),
        ("fraud.control", ["compact"], None, True),
        ("fraud.shadow", ["delete"], 30 * DAY_MS, True),
        ("fraud.incidents", ["compact"], None, False),
        ("fraud.acks", ["delete"], 7 * DAY_MS, False),
        ("fraud.policy", ["compact"], None, False),
    ],
)
def test_a_topic_is_configured_as_the_contract_says(topic, policy, retention_ms, append_time):
    said = _channels()[topic]["bindings"]["kafka"]["topicConfiguration"]
    assert (said["cleanup.policy"], said.get("retention.ms")) == (policy, retention_ms)
    assert (said.get("message.timestamp.type") == "LogAppendTime") is append_time


def test_commands_are_not_compacted_away_within_their_lease():
    said = _channels()["fraud.control"]["bindings"]["kafka"]["topicConfiguration"]
    assert said["min.compaction.lag.ms"] >= 25 * HOUR_MS


def test_every_reference_in_the_document_leads_somewhere():
    document = _document()

    def look(node):
        if isinstance(node, list):
            return [found for item in node for found in look(item)]
        if isinstance(node, dict):
            return [node["$ref"]] if "$ref" in node else look(list(node.values()))
        return []

    for reference in look(document):
        file, _, pointer = reference.partition("#")
        target = json.loads((REFERENCE / file).read_text()) if file else document
        for step in pointer.split("/")[1:]:
            target = target[step]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target(Scope.PREFIX, "+333", switch="fes-msc-1"), "command"),
        (Target(Scope.CALLER, "+212661234567"), "shadowCommand"),
    ],
)
def test_a_key_of_ours_has_the_documented_shape(target, message):
    schema = _document()["components"]["messages"][message]["bindings"]["kafka"]["key"]
    assert list(Draft202012Validator(schema).iter_errors(target.key())) == []
