"""JSON Schemas (2020-12) of what stands on the public topics: from the types, and closer where the wire says more.

`python -m streams.asyncapi` writes them to docs/reference/schemas; a test holds the committed files to this code.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, get_args

import msgspec

from models.commands import Command
from models.events import Event
from models.findings import FOREST_ALONE, ZERO_COST, BurstEvidence, Evidence, Subject
from models.incidents import Given, State
from models.orders import Order
from models.outage_incident import REASON as OUTAGE
from models.outage_incident import Evidence as OutageEvidence
from models.policy import BUDGETS, COUNT_MAX, COUNTS, KINDS, LADDER, SHARES, Rule, Verdict
from models.records import YEAR_2000_MS, YEAR_9999_MS
from models.rejects import Reason
from models.targets import Scope
from streams.enforcers.reports import Ack, Heartbeat

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "https://ringfence.example/schemas/v1/"
EVENTS_MAX = 10_000
AMOUNT_BOUND = 10**12
INT64_MAX = 2**63 - 1

_SEPARATORS = "[ ()\\-./\u00a0\u2000-\u200b\u2010-\u2015\u202f]"
CALLED = f"^{_SEPARATORS}*(\\+{_SEPARATORS}*)?([0-9*#]{_SEPARATORS}*){{1,32}}$"
"""`^\\+?[0-9*#]{1,32}$` (contract, section 2), with the visual separators that are removed first."""
DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
RFC_3339 = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""Validators need not look at `format`: the shape is here, with the offset that makes it a time."""
PREFIX = r"^\+[1-9][0-9]{0,14}$"
NUMBER = r"^(\+[1-9][0-9]{0,30}|[0-9]{1,32})$"
NAME = r"^[^*?]*[^*?\s][^*?]*$"
"""An account, a trunk or a qualifier: not empty, no wildcard."""
UUID = {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TIME_MS = {"type": "integer", "minimum": 0, "maximum": INT64_MAX}

FIELDS: Mapping[str, str] = {
    "v": "Major version; an unknown one is refused.",
    "event": "cdr is a whole call in one record, ts its start; rating is a price worked out apart from signalling.",
    "call_id": "The same for every event of a call.",
    "ts": "When it happened at the switch: ms since the epoch, or RFC 3339 text with an offset.",
    "caller": "A-number; empty, anonymous, restricted, unknown or no telephone number = withheld.",
    "called": "B-number as routed, after translation.",
    "called_type": "Type of number (nature of address) that the switch used.",
    "dialled": "What the subscriber dialled; where it is not `called`, the call proves nothing about its price.",
    "direction": "Only originating calls (the default) are evidence about price.",
    "account": "The authenticated identity that pays.",
    "plan": "Its tariff plan or rating group.",
    "switch": "Reporting element.",
    "trunk": "Outgoing trunk.",
    "trunk_in": "Incoming trunk.",
    "attestation": "STIR/SHAKEN.",
    "rate": "Price per minute after free_s; 0 without setup_fee = free; absent, null or negative = not rated.",
    "setup_fee": "Price of being connected.",
    "free_s": "Seconds at the start that cost nothing.",
    "charge": "What the call cost; positive: paid, whatever rate said; negative: not rated.",
    "rating_status": "allowance: a bundle of this customer's paid for it; failed: rating was down or skipped.",
    "rate_key": "The row of the numbering or rate table that matched, as the table spells it.",
    "currency": "ISO 4217.",
    "duration_s": "Answered seconds; 0 = never answered. Needed in release and cdr.",
    "cause": "Q.850.",
    "refused_by": "Id of the command of ours that refused this attempt.",
    "test": "A test call of the operator's: counted, never evidence.",
}
"""What each field of an event means (contract, section 2)."""


def schemas() -> dict[str, Schema]:
    """Every schema by its name; each stands alone and names the others by file."""
    made = {
        "event": _event(),
        "command": _command("enforce"),
        "shadow-command": _command("shadow"),
        "incident": _incident(),
        "acknowledgement": _acknowledgement(),
        "heartbeat": _type(Heartbeat),
        "order": _order(),
        "signature-headers": _signature_headers(),
        "dead-letter-headers": _dead_letter_headers(),
    }
    made["event-record"] = {
        "title": "EventRecord",
        "description": "The value of a record on signalling.events: one event, or an array of them.",
        "anyOf": [
            {"$ref": file_of("event")},
            {"type": "array", "items": {"$ref": file_of("event")}, "maxItems": EVENTS_MAX},
        ],
    }
    return {name: {"$schema": DIALECT, "$id": BASE + file_of(name)} | schema for name, schema in made.items()}


def file_of(name: str) -> str:
    """The file of a schema.

    >>> file_of("event")
    'event.schema.json'
    """
    return f"{name}.schema.json"


def _type(kind: Any) -> Schema:
    """A struct's own schema, what it refers to in `$defs`, its descriptions on one line."""
    _, parts = msgspec.json.schema_components([kind])
    parts = _one_line(deepcopy(parts))
    own: Schema = parts.pop(kind.__name__)
    return own | ({"$defs": parts} if parts else {})


def _one_line(value: Any) -> Any:
    """The first paragraph of every description, without the line breaks of its docstring."""
    if isinstance(value, list):
        return [_one_line(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(text := value.get("description"), str):
        value["description"] = " ".join(text.partition("\n\n")[0].split())
    return {name: _one_line(item) for name, item in value.items()}


def _event() -> Schema:
    schema = _type(Event)
    fields = schema["properties"]
    amount = {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": -AMOUNT_BOUND, "exclusiveMaximum": AMOUNT_BOUND},
            {"type": "string", "pattern": DECIMAL},
            {"type": "null"},
        ],
        "default": None,
    }
    fields |= {name: deepcopy(amount) for name in ("rate", "setup_fee", "charge")}
    fields["called"] = {"type": "string", "maxLength": 256, "pattern": CALLED}
    fields["ts"] = {
        "anyOf": [
            {"type": "integer", "minimum": YEAR_2000_MS, "maximum": YEAR_9999_MS},
            {"type": "string", "format": "date-time", "pattern": RFC_3339},
        ]
    }
    for name, meaning in FIELDS.items():
        fields[name]["description"] = meaning
    whole_call = {"properties": {"event": {"enum": ["release", "cdr"]}}, "required": ["event"]}
    answered = {"required": ["duration_s"], "properties": {"duration_s": {"type": "number"}}}
    return schema | {"allOf": [{"if": whole_call, "then": answered}]}


def _command(mode: str) -> Schema:
    """The command of one topic: `fraud.control` enforces, `fraud.shadow` only shows."""
    schema = _type(Command)
    fields, parts = schema["properties"], schema["$defs"]
    parts.pop("Mode")
    fields |= {
        "v": {"const": 1},
        "id": UUID,
        "incident": UUID,
        "mode": {"const": mode},
        "evidence": {"type": "object"},
        "expires_at": TIME_MS | {"description": "The end of the lease, at most 24 h ahead."},
        "args": {"$ref": "#/$defs/Args"},
        "supersedes": {"anyOf": [UUID, {"type": "null"}]},
    }
    parts["Target"] = _target(parts["Target"])
    parts["Args"] |= {"additionalProperties": False, "minProperties": 1}
    limit = {"properties": {"action": {"const": "limit"}}, "required": ["action"]}
    schema["required"] += ["v", "mode", "summary", "evidence"]
    return schema | {"allOf": [{"if": limit, "then": {"required": ["args"]}}, *_evidence(parts)]}


def _open(kind: Any) -> Schema:
    """A struct whose members may all be missing: other reasons bring other numbers."""
    return _type(kind) | {"required": []}


def _evidence(parts: dict[str, Schema]) -> list[Schema]:
    """The numbers of a leak or of a burst, by the reason; an operator's command names author and reason instead."""
    burst = _type(BurstEvidence)
    parts |= burst.pop("$defs") | {"Evidence": _open(Evidence), "BurstEvidence": burst}
    bursts = [rule for rule in get_args(Rule) if rule not in KINDS or rule == FOREST_ALONE]
    return [_if_reason([ZERO_COST], "Evidence"), _if_reason(bursts, "BurstEvidence")]


def _if_reason(rules: Sequence[str], part: str) -> Schema:
    then = {"properties": {"evidence": {"$ref": f"#/$defs/{part}"}}}
    return {"if": {"properties": {"reason": {"enum": list(rules)}}, "required": ["reason"]}, "then": then}


def _subject() -> Schema:
    """What an incident is about: what commands are about, or a whole switch."""
    schema = _type(Subject)
    schema["properties"]["scope"] = {"enum": [*Scope, "switch"]}
    return schema


def _target(target: Schema) -> Schema:
    """Exact values only, shaped as the scope demands; a member that we do not know is refused (501)."""
    shapes = {PREFIX: ["prefix"], NUMBER: ["called", "caller"], NAME: ["account", "trunk"]}
    for qualifier in ("switch", "trunk", "plan"):
        target["properties"][qualifier] = {"type": "string", "maxLength": 128, "pattern": NAME}
    shaped = [
        {
            "if": {"properties": {"scope": {"enum": scopes}}},
            "then": {"properties": {"value": {"pattern": pattern, "maxLength": 128}}},
        }
        for pattern, scopes in shapes.items()
    ]
    return target | {"additionalProperties": False, "allOf": shaped}


def _incident() -> Schema:
    """`models.incidents.Incident.record`."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    fields = {
        "v": {"const": 1},
        "incident": UUID,
        "state": {"enum": list(get_args(State))},
        "verdict": {"enum": list(get_args(Verdict))},
        "why": {"type": "string"},
        "reason": {"type": "string"},
        "target": _subject(),
        "opened_at": TIME_MS,
        "updated_at": TIME_MS,
        "expires_at": {"anyOf": [TIME_MS, {"type": "null"}]},
        "score": {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}],
            "description": "The odds of a leak, the isolation forest's word on a burst; it orders a queue.",
        },
        "rearmed": {"type": "integer", "minimum": 0},
        "summary": {"type": "string", "description": "What was found, in one sentence."},
        "diagnosis": {"type": "object", "description": "The cause, and what mends it; as in a command."},
        "evidence": {"type": "object"},
        "impact": {
            "type": "object",
            "properties": {"paid_share_1h": share, "calls_per_h": {"type": "integer", "minimum": 0}},
        },
        "commands": {"type": "array", "items": _type(Given)},
        "findings_offset": {"type": "integer", "minimum": 0},
    }
    parts = {"OutageEvidence": _type(OutageEvidence)}
    described = (
        "One target that leaks or bursts, from its first finding to the end of its last lease, or an outage; in ms."
    )
    return {
        "title": "Incident",
        "description": described,
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in {"score", "summary", "diagnosis"}],
        "allOf": [*_evidence(parts), _if_reason([OUTAGE], "OutageEvidence")],
        "$defs": parts,
    }


def _acknowledgement() -> Schema:
    schema = _type(Ack)
    schema["properties"]["status"] = {
        "enum": [200, 400, 401, 404, 409, 500, 501],
        "description": "OpenC2: 200 applied, 400 bad, 401 signature, 404 nothing to release, 409 superseded, "
        "500 failed, 501 unsupported.",
    }
    return schema


def _order() -> Schema:
    """A record of `fraud.policy`: what `value` must be depends on the setting."""
    schema = _type(Order)
    schema["properties"] |= {
        "v": {"const": 1},
        "setting": {
            "type": "string",
            "maxLength": 1024,
            "pattern": f"^(mode|kill|budget:({'|'.join(BUDGETS)})|(allow|block|release|approve):.+)$",
        },
    }
    values: dict[str, Schema] = {
        "^mode$": {"enum": list(LADDER)},
        "^(kill|(allow|block):.+)$": {"type": "boolean"},
        f"^budget:({'|'.join(SHARES)})$": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        f"^budget:({'|'.join(COUNTS)})$": {"type": ["integer", "null"], "minimum": 0, "maximum": COUNT_MAX},
        "^release:": {"const": True},
        "^approve:": {"enum": [True, "block", "limit"]},
    }
    rules = [
        {"if": {"properties": {"setting": {"pattern": pattern}}}, "then": {"properties": {"value": value}}}
        for pattern, value in values.items()
    ]
    allowed = {"properties": {"setting": {"pattern": "^allow:"}, "value": {"const": True}}}
    ends = {"required": ["until"], "properties": {"until": {"type": "integer"}}}
    return schema | {"allOf": [*rules, {"if": allowed, "then": ends}]}


def _signature_headers() -> Schema:
    return {
        "title": "SignatureHeaders",
        "description": 'Ed25519 over "ringfence-command-v1\\0" ("ringfence-policy-v1\\0" on fraud.policy), '
        'then topic, "\\0", key, "\\0", value.',
        "type": "object",
        "properties": {
            "kid": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
            "alg": {"const": "ed25519"},
            "sig": {"description": "64 raw bytes, no text."},
        },
        "required": ["kid", "alg", "sig"],
    }


def _dead_letter_headers() -> Schema:
    text: Schema = {"type": "string"}
    number: Schema = {"type": "string", "pattern": "^[0-9]+$"}
    fields = {
        "dlq.reason": {"enum": [reason.value for reason in Reason]},
        "dlq.stage": text,
        "dlq.source": {"type": "string", "pattern": "^[^/]+/[0-9]+/[0-9]+#[0-9]+$"},
        "dlq.detail": text,
        "dlq.build": text,
        "__connect.errors.topic": text,
        "__connect.errors.partition": number,
        "__connect.errors.offset": number,
        "__connect.errors.exception.message": text,
    }
    described = "UTF-8 text. dlq.source is topic/partition/offset#index; the others are what Kafka tooling reads."
    return {
        "title": "DeadLetterHeaders",
        "description": described,
        "type": "object",
        "properties": fields,
        "required": list(fields),
    }
