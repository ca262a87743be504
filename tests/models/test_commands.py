"""Commands, targets and their keys: the contract's example, the bounds, and any bytes at all."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.commands import (
    Action,
    Args,
    Command,
    CommandError,
    Mode,
    Scope,
    Target,
    UnsupportedError,
    command_id,
    decode,
    encode,
    id_of,
    incident_id,
)

# contract, section 3: the example, with ids and hashes filled in
EXAMPLE = (
    b'{"v":1,"id":"6f1c0000-0000-5000-8000-000000000000","incident":"0b7a0000-0000-5000-8000-000000000000",'
    b'"action":"block","target":{"scope":"prefix","value":"+333"},"mode":"enforce","reason":"zero_cost_route",'
    b'"summary":"Calls to +333 (France) are rated free.","evidence":{"first_ts":1795467960281,"free_calls":3},'
    b'"diagnosis":{"kind":"plus_before_short_code"},"impact":{"calls_per_h":14},"score":0.97,"model":"sha256:aa",'
    b'"rules":"sha256:bb","issued_at":1795467962010,"expires_at":1795468862010,"lease":1,"detector":"det-1",'
    b'"epoch":7,"seq":1234,"supersedes":null}'
)


def changed(**members):
    document = json.loads(EXAMPLE)
    for path, value in members.items():
        *parents, name = path.split("__")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return json.dumps(document).encode()


def test_the_contracts_example_is_written_back_byte_for_byte():
    assert encode(decode(EXAMPLE)) == EXAMPLE


def test_equal_commands_give_equal_bytes_however_their_evidence_was_built():
    one, other = decode(changed(evidence={"a": 1, "b": 2})), decode(changed(evidence={"b": 2, "a": 1}))
    assert encode(one) == encode(other)


def test_args_are_written_only_where_they_are_set():
    limit = decode(changed(action="limit", args={"calls_per_minute": 1}))
    assert limit.args == Args(calls_per_minute=1)
    assert encode(limit).endswith(b'"args":{"calls_per_minute":1}}')
    assert b"args" not in encode(decode(changed(args=None)))


def test_what_is_only_for_people_may_be_missing_and_unknown_members_are_passed_over():
    needed = {"v", "id", "incident", "action", "target", "mode", "reason", "issued_at", "expires_at", "lease"}
    needed |= {"epoch", "seq"}
    document = {name: value for name, value in json.loads(EXAMPLE).items() if name in needed}
    assert decode(json.dumps(document | {"new_in_1_7": [1]}).encode()).target.value == "+333"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        EXAMPLE.replace(b'"free_calls":3', b'"free_calls":' + b"[" * 30_000 + b"]" * 30_000),
        b'{"v":1}',
        EXAMPLE[:-1],
        EXAMPLE + b" " * 65_536,
        changed(v=2),
        changed(v="1"),
        changed(id=""),
        changed(action="explode"),
        changed(mode="observe"),
        changed(target__scope="galaxy"),
        changed(expires_at=None),
        changed(expires_at="tomorrow"),
        changed(seq=-1),
        changed(lease=0),
        changed(action="limit"),
        changed(action="limit", args={}),
        changed(action="limit", args={"calls_per_minute": -1}),
    ],
)
def test_what_is_no_command_is_refused_with_a_reason(value):
    with pytest.raises(CommandError, match=r"\w+"):
        decode(value)


@pytest.mark.parametrize("path", ["target__imsi", "args__bandwidth"])
def test_an_unknown_member_of_target_or_args_is_unsupported_and_named(path):
    with pytest.raises(UnsupportedError, match=path.replace("__", ".")):
        decode(changed(**{path: "x"}))


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        *[("prefix", value) for value in ("", "+", "*", "+*", "333", "+0", "+33a", "+33 3", "+٣٣", "+" + "1" * 16)],
        *[("called", value) for value in ("", "*", "+", "+33?", "anonymous", "1" * 33, "+0123")],
        *[("caller", value) for value in ("", "anonymous", "+*", "333\n")],
        *[("account", value) for value in ("", "*", "acc-*", "?", "%", "   ", "a\0b", "a" * 129)],
        *[("trunk", value) for value in ("", "*", "--")],
    ],
)
def test_an_empty_wildcard_or_malformed_value_is_no_target(scope, value):
    with pytest.raises(CommandError, match=r"target\.value"):
        decode(changed(target={"scope": scope, "value": value}))


@pytest.mark.parametrize("name", ["switch", "trunk", "plan"])
@pytest.mark.parametrize("value", ["", "*", "fes-*"])
def test_an_empty_or_wildcard_qualifier_is_no_target(name, value):
    with pytest.raises(CommandError, match=rf"target\.{name}"):
        decode(changed(**{f"target__{name}": value}))


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (Target(Scope.PREFIX, "+333"), "prefix:+333"),
        (Target(Scope.PREFIX, "+333", switch="fes-msc-1"), "prefix:+333@switch=fes-msc-1"),
        (Target(Scope.PREFIX, "+333", plan="student"), "prefix:+333@plan=student"),
        (Target(Scope.PREFIX, "+333", "s", "t", "p"), "prefix:+333@switch=s@trunk=t@plan=p"),
        (Target(Scope.CALLER, "+212661234567"), "caller:+212661234567"),
        (Target(Scope.CALLED, "333"), "called:333"),
        (Target(Scope.ACCOUNT, "100%@home=x:y"), "account:100%25%40home%3Dx:y"),
    ],
)
def test_a_key_names_its_target_and_back(target, key):
    assert target.key() == key
    assert Target.from_key(key) == target


@pytest.mark.parametrize(
    "key",
    [
        "",
        "prefix",
        "prefix:",
        "galaxy:x",
        "prefix:+333@",
        "prefix:+333@plan=a@switch=b",
        "prefix:+333@plan=a@plan=b",
        "prefix:+333@size=9",
        "prefix:+*",
        "account:a=b",
        "account:%2540%zz%3d",
    ],
)
def test_what_is_not_written_as_a_key_is_none(key):
    with pytest.raises(CommandError):
        Target.from_key(key)


names = (
    st.text(min_size=1, max_size=20)
    .map(lambda text: "x" + text)
    .filter(lambda text: text.isprintable() and not set(text) & set("*?"))
)


@given(names, st.none() | names, st.none() | names, st.none() | names)
def test_every_target_survives_its_key(value, switch, trunk, plan):
    target = Target(Scope.ACCOUNT, value, switch, trunk, plan)
    assert Target.from_key(target.key()) == target


@given(st.binary(max_size=300) | st.binary(max_size=20).map(lambda junk: EXAMPLE[:90] + junk + EXAMPLE[95:]))
def test_any_bytes_are_a_command_or_a_reason(value):
    with contextlib.suppress(CommandError):
        assert isinstance(decode(value), Command)
    assert id_of(value) is None or len(id_of(value)) <= 128


def test_ids_are_those_of_what_happened():
    incident = incident_id("prefix:+333", 1795467960281)
    assert incident == "3528a8a5-20cf-59d4-9572-4064de9fd506"
    assert command_id(incident, Mode.ENFORCE, Action.BLOCK, 1) == "f8a8ad41-1b10-586f-b89b-8793367f908b"
    assert incident != incident_id("prefix:+333", 1795467960282)
    ids = {command_id(incident, mode, action, lease) for mode in Mode for action in Action for lease in (1, 2)}
    assert len(ids) == 12
