"""The worker with a switch and a Kafka that are lists: what it tells the driver, and what it acknowledges."""

import json

import pytest

from models import commands, orders
from models.commands import Action, Args, Command, Scope, Target
from models.leases import LeaseTable
from streams.enforcers.driver import DriverError
from streams.enforcers.reports import Acknowledged
from streams.enforcers.worker import CONTROL, HEARTBEAT_MS, POLICY, RECONCILE_MS, Record, Worker
from streams.key_files import Role, new_key
from streams.signing import KeyRing

NOW = 1_795_467_962_010
LEASE = 900_000
FRANCE = Target(Scope.PREFIX, "+333")


class FakeSwitch:
    """Takes changes, or fails while `broken`."""

    def __init__(self):
        self.changes = []
        self.broken = False

    def apply(self, change):
        if self.broken:
            raise DriverError("no route to the switch")
        self.changes.append(change)

    def rules(self):
        """(key, effect, cause) of every rule it was told since the last question."""
        told = [(c.key, c.effect, c.cause) for c in self.changes if hasattr(c, "effect")]
        self.changes.clear()
        return told


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    new_key(directory, Role.DECIDER, "d1")
    new_key(directory, Role.OPERATOR, "noc")
    return KeyRing.load(directory)


class Bench:
    """A worker between a fake switch and a list of what it sent."""

    def __init__(self, keys, switches=(), acknowledged=None):
        self.keys, self.switch, self.sent, self.offset = keys, FakeSwitch(), [], 0
        self.worker = Worker(
            "e1", switches, LeaseTable(), keys, self.switch, self.send, acknowledged or Acknowledged("e1")
        )

    def send(self, key, value):
        self.sent.append((key, json.loads(value)))

    def put(self, topic, role, key, value, now=NOW, appended=None, headers=None):
        headers = self.keys.signer(role).sign(topic, key, value) if headers is None else headers
        self.worker.take(Record(topic, 0, self.offset, key, value, headers, appended), now)
        self.offset += 1

    def command(self, given, **more):
        self.put(CONTROL, Role.DECIDER, given.target.key().encode(), commands.encode(given), **more)

    def order(self, setting, value, until=None, at=NOW, now=NOW):
        order = orders.Order(setting=setting, value=value, author="noc", reason="why", at=at, until=until)
        self.put(POLICY, Role.OPERATOR, setting.encode(), orders.encode(order), now)

    def tick(self, now, **more):
        self.worker.tick(now, {"fraud.control/0": self.offset}, **more)

    def acks(self):
        """(id, status) of every acknowledgement since the last question."""
        found = [(value["id"], value["status"]) for key, value in self.sent if b"|" in key]
        self.sent.clear()
        return found


@pytest.fixture
def bench(keys):
    bench = Bench(keys)
    bench.worker.loaded(NOW)
    bench.switch.changes.clear()
    return bench


def command(seq, action=Action.BLOCK, target=FRANCE, until=NOW + LEASE):
    return Command(
        id=f"c{seq}",
        incident="i",
        action=action,
        target=target,
        reason="zero_cost_route",
        issued_at=NOW,
        expires_at=until,
        lease=1,
        epoch=7,
        seq=seq,
        args=Args(calls_per_minute=1) if action is Action.LIMIT else None,
    )


def test_a_block_is_driven_and_acknowledged_as_the_contract_says(bench):
    bench.command(command(1))
    assert bench.switch.rules() == [("prefix:+333", "refuse", "command")]
    assert bench.sent == [
        (b"e1|c1", {"id": "c1", "enforcer": "e1", "status": 200, "applied_at": NOW, "matched": 1, "error": None})
    ]


def test_block_half_open_and_release_reach_the_driver_in_turn(bench):
    for seq, action in enumerate((Action.BLOCK, Action.LIMIT, Action.RELEASE), 1):
        bench.command(command(seq, action))
    assert [effect for _, effect, _ in bench.switch.rules()] == ["refuse", "limit", "none"]


def test_the_same_command_again_is_acknowledged_and_not_driven_again(bench):
    bench.command(command(1))
    bench.switch.rules()
    bench.command(command(1))
    assert (bench.switch.rules(), bench.acks()) == ([], [("c1", 200), ("c1", 200)])


SIGNED_BY_NOBODY = [("kid", b"0123456789abcdef"), ("alg", b"ed25519"), ("sig", b"\0" * 64)]


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        ({"value": commands.encode(command(1)), "headers": []}, ("c1", 401)),
        ({"value": commands.encode(command(1)), "headers": SIGNED_BY_NOBODY}, ("c1", 401)),
        ({"value": b"\xff\xfe", "headers": []}, ("fraud.control/0/0", 401)),
        ({"value": b"no json"}, ("fraud.control/0/0", 400)),
        ({"value": b'{"v":1,"id":"x1"}'}, ("x1", 400)),
        ({"value": commands.encode(command(1)), "key": b"prefix:+33"}, ("c1", 400)),
        ({"value": commands.encode(command(1)), "key": b"\xff"}, ("c1", 400)),
        ({"value": commands.encode(command(1, until=NOW))}, ("c1", 400)),
        ({"value": commands.encode(command(1, Action.RELEASE))}, ("c1", 404)),
        ({"value": commands.encode(command(1)).replace(b'"+333"', b'"+333","cell":"9"')}, ("c1", 501)),
    ],
)
def test_what_is_wrong_is_acknowledged_with_its_reason_and_never_driven(bench, record, answer):
    bench.put(CONTROL, Role.DECIDER, **({"key": b"prefix:+333"} | record))
    error = bench.sent[0][1]["error"]
    assert (bench.acks(), bench.switch.rules()) == ([answer], [])
    assert error


def test_an_operators_key_commands_nothing(bench):
    bench.put(CONTROL, Role.OPERATOR, b"prefix:+333", commands.encode(command(1)))
    assert (bench.acks(), bench.switch.rules()) == ([("c1", 401)], [])


def test_a_tombstone_only_collects_garbage(bench):
    bench.command(command(1))
    bench.switch.rules()
    bench.worker.take(Record(CONTROL, 0, 9, b"prefix:+333", None, None, None), NOW)
    bench.tick(NOW + RECONCILE_MS)
    assert bench.switch.rules() == []


def test_a_lease_ends_on_time_without_kafka(bench):
    bench.command(command(1))
    bench.switch.rules()
    bench.tick(NOW + LEASE - 1)
    assert bench.switch.rules() == []
    bench.tick(NOW + LEASE)
    assert bench.switch.rules() == [("prefix:+333", "none", "expired")]


def test_nothing_is_enforced_before_the_table_is_read_to_its_end(keys):
    bench = Bench(keys)
    bench.command(command(1))
    bench.command(command(2, target=Target(Scope.CALLED, "+33387654321")))
    bench.command(command(3, Action.RELEASE))
    bench.tick(NOW)
    assert (bench.switch.changes, bench.sent) == ([], [])
    bench.worker.loaded(NOW)
    assert bench.switch.changes[0].keys == ("called:+33387654321",)
    assert bench.switch.rules() == [("called:+33387654321", "refuse", "loaded")]
    assert bench.acks() == [("c1", 409), ("c2", 200), ("c3", 200)]


def test_what_was_acknowledged_before_a_restart_is_not_acknowledged_again(keys):
    first = Bench(keys)
    first.worker.loaded(NOW)
    first.command(command(1))
    first.command(command(2, target=Target(Scope.CALLED, "5551234")), headers=[])
    acknowledged = Acknowledged("e1")
    for key, value in first.sent:
        acknowledged.note(key, json.dumps(value).encode())
        acknowledged.note(key.replace(b"e1", b"e2"), json.dumps(value | {"id": "c3"}).encode())
    again = Bench(keys, acknowledged=acknowledged)
    again.command(command(1))
    again.command(command(2, target=Target(Scope.CALLED, "5551234")), headers=[])
    again.command(command(2, target=Target(Scope.CALLED, "5551234")))
    again.command(command(3, target=Target(Scope.CALLED, "5551235")))
    again.worker.loaded(NOW)
    assert again.acks() == [("c2", 200), ("c3", 200)]  # nobody vouched for the first answer about c2


def test_a_command_that_ended_while_we_were_away_is_not_called_applied(keys):
    bench = Bench(keys)
    bench.command(command(1), now=NOW + LEASE, appended=NOW)
    bench.worker.loaded(NOW + LEASE)
    assert (bench.acks(), bench.switch.rules()) == ([("c1", 400)], [])


def test_a_new_partition_is_read_to_its_end_while_leases_end_and_the_kill_switch_works(bench):
    bench.command(command(1))
    bench.worker.loading()
    bench.command(command(5, target=Target(Scope.CALLED, "5551234")))
    bench.tick(NOW + RECONCILE_MS)
    assert bench.switch.rules() == [("prefix:+333", "refuse", "command")]
    bench.tick(NOW + 2 * RECONCILE_MS, local_kill=True)
    assert bench.switch.rules() == [("prefix:+333", "none", "kill")]
    bench.tick(NOW + 3 * RECONCILE_MS)
    assert bench.switch.rules() == []
    bench.worker.loaded(NOW + 4 * RECONCILE_MS)
    assert {key for key, effect, _ in bench.switch.rules() if effect == "refuse"} == {"prefix:+333", "called:5551234"}


def test_a_switch_that_fails_is_said_and_tried_again(bench):
    bench.switch.broken = True
    bench.command(command(1))
    bench.tick(NOW + RECONCILE_MS)
    assert (bench.acks(), bench.switch.rules()) == ([("c1", 500)], [])
    bench.switch.broken = False
    bench.tick(NOW + 2 * RECONCILE_MS)
    assert (bench.acks(), bench.switch.rules()) == ([("c1", 200)], [("prefix:+333", "refuse", "retry")])


def test_a_lease_that_a_broken_switch_could_not_end_is_ended_later_without_an_acknowledgement(bench):
    bench.command(command(1))
    bench.acks()
    bench.switch.rules()
    bench.switch.broken = True
    bench.tick(NOW + LEASE)
    bench.switch.broken = False
    bench.tick(NOW + LEASE + RECONCILE_MS)
    assert (bench.acks(), bench.switch.rules()) == ([], [("prefix:+333", "none", "expired")])


def test_a_switch_drives_the_rules_of_its_own_and_of_all(keys):
    bench = Bench(keys, switches=("fes",))
    bench.worker.loaded(NOW)
    for seq, switch in enumerate(("fes", "cas", None), 1):
        bench.command(command(seq, target=Target(Scope.PREFIX, "+333", switch=switch)))
    assert [key for key, _, _ in bench.switch.rules()] == ["prefix:+333@switch=fes", "prefix:+333"]
    assert [value["matched"] for _, value in bench.sent] == [1, 0, 1]


def test_the_kill_switch_ends_every_rule_at_once_and_its_end_puts_them_back(bench):
    bench.command(command(1))
    bench.switch.rules()
    bench.order("kill", value=True)
    assert bench.switch.rules() == [("prefix:+333", "none", "kill")]
    bench.command(command(2, target=Target(Scope.CALLED, "5551234")))
    assert bench.switch.rules() == []
    bench.order("kill", value=False)
    assert [effect for _, effect, _ in bench.switch.rules()] == ["refuse", "refuse"]


def test_a_kill_switch_read_at_the_start_counts_before_the_first_rule(keys):
    bench = Bench(keys)
    bench.command(command(1))
    bench.order("kill", value=True)
    bench.worker.loaded(NOW)
    assert bench.switch.rules() == []


def test_the_kill_switch_of_this_machine_works_within_a_second(bench):
    bench.command(command(1))
    bench.switch.rules()
    bench.tick(NOW + RECONCILE_MS, local_kill=True)
    assert bench.switch.rules() == [("prefix:+333", "none", "kill")]
    bench.tick(NOW + 2 * RECONCILE_MS)
    assert bench.switch.rules() == [("prefix:+333", "refuse", "kill")]


def test_an_allow_entry_is_driven_until_its_end(bench):
    bench.order("allow:called:+33387654321", value=True, until=NOW + 3 * RECONCILE_MS)
    assert bench.switch.rules() == [("allow:called:+33387654321", "pass", "allow")]
    bench.tick(NOW + 3 * RECONCILE_MS)
    assert bench.switch.rules() == [("allow:called:+33387654321", "none", "expired")]


@pytest.mark.parametrize(
    ("key", "value", "role"),
    [
        (b"kill", b"no json", Role.OPERATOR),
        (b"mode", None, Role.OPERATOR),
        (b"kill", None, Role.DECIDER),
    ],
)
def test_an_order_that_no_operator_gave_is_ignored(bench, key, value, role):
    bench.command(command(1))
    bench.switch.rules()
    good = orders.encode(orders.Order(setting="kill", value=True, author="noc", reason="why", at=NOW))
    bench.put(POLICY, role, key, value or good)
    bench.tick(NOW + RECONCILE_MS)
    assert bench.switch.rules() == []


def test_an_unsigned_order_is_ignored(bench):
    bench.command(command(1))
    bench.switch.rules()
    order = orders.Order(setting="kill", value=True, author="noc", reason="why", at=NOW)
    bench.put(POLICY, Role.OPERATOR, b"kill", orders.encode(order), headers=[])
    assert bench.switch.rules() == []


def test_the_heartbeat_says_what_the_enforcer_holds(keys):
    bench = Bench(keys, switches=("fes",))
    bench.worker.loaded(NOW)
    bench.command(command(1))
    bench.sent.clear()
    for at in (0, 1000, HEARTBEAT_MS - 1, HEARTBEAT_MS):
        bench.tick(NOW + at)
    beats = [value for key, value in bench.sent if key == b"e1"]
    assert [beat["at"] - NOW for beat in beats] == [0, HEARTBEAT_MS]
    first = beats[0]
    assert (first["switches"], first["offsets"], first["rules"]) == (["fes"], {"fraud.control/0": 1}, 1)
    assert (first["killed"], first["statuses"]) == (False, {"200": 1})
    assert first["table"].startswith("sha256:")
