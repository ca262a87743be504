"""The verbs of the operator's hand: what they order, what they refuse, the exit statuses; without Kafka."""

import json
from types import SimpleNamespace

import pytest

from models import commands
from models.commands import Action, Args, Command
from models.orders import Order, encode
from models.targets import Target
from streams import operator_orders
from streams.__main__ import main
from streams.key_files import Role, new_key
from streams.settings import Settings
from streams.signing import KeyRing
from tests.contract import faults

NOW = 1_795_460_000_000
HOUR_MS = 3_600_000
KEY = "prefix:+333"


@pytest.fixture(autouse=True)
def topics(monkeypatch, tmp_path):
    """Topics in memory: records as (key, value, headers), by topic."""
    found = {}

    class Outbox:
        def __init__(self, _settings):
            pass

        def send(self, topic, value, key, headers):
            found.setdefault(topic, []).append((key, value, headers))

        def settle(self):
            found["settled"] = True

    def read(_settings, topic, _partition):
        for key, value, headers in found.get(topic, []):
            yield SimpleNamespace(key=lambda k=key: k, value=lambda v=value: v, headers=lambda h=headers: h)

    monkeypatch.setattr(operator_orders, "Outbox", Outbox)
    monkeypatch.setattr(operator_orders, "to_the_end", read)
    monkeypatch.setattr(operator_orders, "require", lambda *_: None)
    monkeypatch.setattr("streams.cli.orders.now_ms", lambda: NOW)
    monkeypatch.setattr("streams.cli.policy.now_ms", lambda: NOW)
    monkeypatch.setattr("streams.cli.decide.now_ms", lambda: NOW)
    for role in Role:
        new_key(tmp_path / "keys", role, "one")
    (tmp_path / "ringfence.toml").write_text('[keys]\ndir = "keys"\n[network]\nhome_country_code = "212"\n')
    monkeypatch.chdir(tmp_path)
    return found


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


def why(*arguments):
    return (*arguments, "--reason", "a test", "--author", "ana")


@pytest.mark.parametrize(
    ("arguments", "setting", "value", "until"),
    [
        (("policy", "mode", "shadow"), "mode", "shadow", None),
        (("policy", "mode", "limit", "--until", "90 min"), "mode", "limit", NOW + 90 * 60_000),
        (("policy", "kill", "on"), "kill", True, None),
        (("policy", "kill", "off"), "kill", False, None),
        (("policy", "budget", "impact_total", "0.2"), "budget:impact_total", 0.2, None),
        (("policy", "budget", "active_blocks", "7"), "budget:active_blocks", 7, None),
        (("policy", "budget", "active_blocks", "default"), "budget:active_blocks", None, None),
        (("block", KEY), f"block:{KEY}", True, None),
        (("block", KEY, "--until", "2026-11-25T18:00:00+01:00"), f"block:{KEY}", True, 1_795_626_000_000),
        (("release", KEY), f"release:{KEY}", True, None),
        (("allow", KEY, "--until", "2h"), f"allow:{KEY}", True, NOW + 2 * HOUR_MS),
        (("allow", KEY, "--withdraw"), f"allow:{KEY}", False, None),
    ],
)
def test_a_verb_writes_one_signed_order_and_waits_for_it(capsys, topics, tmp_path, arguments, setting, value, until):
    status, out, err = run(capsys, *why(*arguments))
    assert (status, err, topics["settled"]) == (0, "", True)
    ((key, written, headers),) = topics["fraud.policy"]
    KeyRing.load(tmp_path / "keys").verify(Role.OPERATOR, "fraud.policy", key, written, headers)
    expected = {"setting": setting, "value": value, "until": until, "author": "ana", "reason": "a test", "at": NOW}
    assert json.loads(written) == {"v": 1, **expected}
    assert (key, faults("order", written)) == (setting.encode(), [])
    assert out.startswith(f"ordered {setting} by ana")
    assert ("until 2026-11-" in out) == ((setting.startswith(("block", "allow")) and value) or until is not None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("policy", "budget", "volume", "1"), "budget:volume: unknown budget: there are impact_per_command"),
        (("policy", "budget", "impact_total", "2"), "budget:impact_total: impact_total is a share from 0 to 1"),
        (("policy", "budget", "active_blocks", "some"), "budget active_blocks some: write a number, or default"),
        (("block", "+333"), "+333: not a target key"),
        (("block", "prefix:+"), "prefix:+: target.value of scope prefix is empty"),
        (("block", "called:112"), "called:112: it is protected"),
        (("block", KEY, "--until", "soon"), "--until soon: write a time with its offset"),
        (("block", KEY, "--until", "2026-11-25T18:00:00"), "--until 2026-11-25T18:00:00: write a time with its offset"),
        (("block", KEY, "--until", "2001-01-01T00:00:00Z"), "--until 2001-01-01T00:00:00Z: it is past"),
        (("block", KEY, "--key", "bob"), "no private key bob"),
        (("release", "everything"), "release:everything: not a target key"),
        (("allow", KEY), "allow needs an end"),
        (("allow", KEY, "--until", "2h", "--withdraw"), "allow needs an end"),
        (("rollback", "--since", "yesterday"), "--since yesterday: write a time"),
    ],
)
def test_a_mistake_is_one_line_status_2_and_writes_nothing(capsys, topics, arguments, says):
    status, out, err = run(capsys, *why(*arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert says in err
    assert topics == {}


def test_an_order_without_a_reason_is_wrong_usage(capsys, topics):
    status, _, err = run(capsys, "policy", "kill", "on")
    assert (status, topics) == (2, {})
    assert "--reason" in err


HELD = "0b7a8c1d-12ab-5f00-8a55-3f8e4c1b2d77"


def incident(topics, states):
    values = [json.dumps({"incident": HELD, "state": state}).encode() for state in states]
    topics["fraud.incidents"] = [(HELD.encode(), value, []) for value in values]


def test_a_held_incident_is_approved(capsys, topics):
    incident(topics, ["blocked", "held"])
    assert run(capsys, *why("approve", HELD, "--as", "limit"))[0] == 0
    ((key, value, _),) = topics["fraud.policy"]
    assert (key, json.loads(value)["value"]) == (b"approve:" + HELD.encode(), "limit")


@pytest.mark.parametrize(("states", "says"), [([], "no such incident"), (["held", "blocked"], "it is blocked")])
def test_only_a_held_incident_is_approved(capsys, topics, states, says):
    incident(topics, states)
    status, _, err = run(capsys, *why("approve", HELD))
    assert (status, err.count("\n"), "fraud.policy" in topics) == (1, 1, False)
    assert says in err


def command(topics, tmp_path, key, action, issued_at, seq, role=Role.DECIDER):
    value = commands.encode(
        Command(
            id=f"c{seq}",
            incident="i",
            action=action,
            target=Target.from_key(key),
            reason="zero_cost_route",
            issued_at=issued_at,
            expires_at=issued_at + HOUR_MS,
            lease=1,
            epoch=1,
            seq=seq,
            args=Args(calls_per_minute=1) if action is Action.LIMIT else None,
        )
    )
    signer = KeyRing.load(tmp_path / "keys").signer(role)
    record = (key.encode(), value, signer.sign("fraud.control", key.encode(), value))
    topics.setdefault("fraud.control", []).append(record)


@pytest.fixture
def standing(topics, tmp_path):
    """Commands: two in force, one from before, one released, one ended, and one that nobody vouches for."""
    minute = 60_000
    for seq, (key, action, age_min) in enumerate(
        [
            ("prefix:+331", Action.BLOCK, 5),
            ("prefix:+332", Action.LIMIT, 6),
            ("prefix:+333", Action.BLOCK, 30),
            ("prefix:+334", Action.BLOCK, 7),
            ("prefix:+334", Action.RELEASE, 6),
            ("prefix:+335", Action.BLOCK, 61),
        ]
    ):
        command(topics, tmp_path, key, action, NOW - age_min * minute, seq)
    command(topics, tmp_path, "prefix:+336", Action.BLOCK, NOW, 9, Role.OPERATOR)


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize(
    ("since", "keys"), [("10 min", ["prefix:+331", "prefix:+332"]), ("1 min", []), ("2 h", ["+331", "+332", "+333"])]
)
def test_a_rollback_releases_what_is_in_force_and_was_issued_since(capsys, topics, since, keys):
    status, out, _ = run(capsys, *why("rollback", "--since", since, "--dry-run"))
    assert (status, out.count("would order"), "fraud.policy" in topics) == (0, len(keys), False)
    status, out, _ = run(capsys, *why("rollback", "--since", since))
    assert (status, f"{len(keys)} commands in force" in out) == (0, True)
    released = [key.decode() for key, *_ in topics.get("fraud.policy", [])]
    assert released == [f"release:prefix:{key.removeprefix('prefix:')}" for key in keys]


def put(topics, tmp_path, setting, value=True, until=None, at=NOW, role=Role.OPERATOR, key=None):
    written = encode(Order(setting=setting, value=value, author="ana", reason="why", at=at, until=until))
    key = key or setting.encode()
    headers = KeyRing.load(tmp_path / "keys").signer(role).sign("fraud.policy", key, written)
    topics.setdefault("fraud.policy", []).append((key, written, headers))


def test_the_table_in_force_is_shown(capsys, topics, tmp_path):
    put(topics, tmp_path, "mode", "shadow")
    put(topics, tmp_path, "kill", value=False)
    put(topics, tmp_path, "budget:active_blocks", 7)
    put(topics, tmp_path, f"allow:{KEY}", until=NOW + 1)
    put(topics, tmp_path, "allow:prefix:+34", until=NOW)
    put(topics, tmp_path, "block:prefix:+331", until=NOW + HOUR_MS)
    put(topics, tmp_path, "block:prefix:+332", until=NOW + HOUR_MS)
    put(topics, tmp_path, "release:prefix:+332", at=NOW + 1)
    put(topics, tmp_path, "kill", role=Role.DECIDER)
    put(topics, tmp_path, "kill", key=b"mode")
    status, out, _ = run(capsys, "policy", "show", "--json")
    shown = json.loads(out)
    assert (status, shown["refused"], shown["configured_mode"]) == (0, 2, "enforce")
    settings = [(order["setting"], order["value"]) for order in shown["orders"]]
    assert settings == [
        (f"allow:{KEY}", True),
        ("block:prefix:+331", True),
        ("budget:active_blocks", 7),
        ("mode", "shadow"),
    ]
    status, out, err = run(capsys, "policy", "show")
    assert (status, "2 records are no orders" in err) == (0, True)
    assert "2026-11-23T18:53:20Z" in out
    assert "configured: mode enforce" in out


def test_an_unreachable_kafka_is_status_3(capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("RINGFENCE_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert Settings().kafka.bootstrap_servers == "127.0.0.1:1"
    status, _, err = run(capsys, "policy", "show")
    assert (status, err.count("\n")) == (3, 1)
