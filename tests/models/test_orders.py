"""Operators' orders: what is one, and which of several counts."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orders import ACT_MS, AHEAD_MS, Order, OrderError, Orders, decode, encode, read
from models.targets import Scope, Target

NOW = 1_795_467_962_010
KEY = "prefix:+333"


def order(setting="kill", value=True, at=NOW, until=None):
    return Order(setting=setting, value=value, author="noc", reason="outage at the switch", at=at, until=until)


@pytest.mark.parametrize(
    ("setting", "value", "until"),
    [
        ("kill", True, None),
        ("kill", False, None),
        ("mode", "shadow", None),
        ("budget:commands_per_hour", 20, None),
        (f"allow:{KEY}", True, NOW + 1),
        (f"allow:{KEY}", False, None),
        ("budget:impact_total", 0.2, NOW + 1),
        ("budget:impact_total", None, None),
        (f"block:{KEY}", True, NOW + 1),
        (f"block:{KEY}", True, None),
        (f"block:{KEY}", False, None),
        (f"release:{KEY}", True, None),
        ("approve:0b7a0000-0000-5000-8000-000000000000", "block", None),
        ("approve:0b7a0000-0000-5000-8000-000000000000", True, None),
    ],
)
def test_every_setting_of_the_contract_is_an_order(setting, value, until):
    given_ = order(setting, value, until=until)
    assert decode(encode(given_)) == given_


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b"[" * 60_000,
        encode(order()).replace(b"true", b"[" * 30_000 + b"]" * 30_000),
        b"x" * 70_000,
        encode(order("kill", "yes")),
        encode(order("mode", "loud")),
        encode(order("mode", [])),
        encode(order("budget:x", 1)),
        encode(order("budget:active_blocks", True)),
        encode(order("budget:active_blocks", -1)),
        encode(order("budget:active_blocks", 0.5)),
        encode(order("budget:active_blocks", 10**9)),
        encode(order("budget:impact_total", 1.5)),
        encode(order("budget:impact_total", [])),
        encode(order(f"block:{KEY}", "yes")),
        encode(order(f"block:{KEY}", {"lease_s": 900})),
        encode(order(f"release:{KEY}", False)),
        encode(order("release:+333")),
        encode(order("approve:0b7a", False)),
        encode(order("approve:0b7a", "release")),
        encode(order("approve:A", "block")),
        encode(order("mode:", "off")),
        encode(order("kill:all")),
        encode(order("budget", 1)),
        encode(order("allow", False)),
        encode(order("allow:prefix:+", value=True, until=NOW)),
        encode(order(f"allow:{KEY}", value=True)),
        encode(order(f"allow:{KEY}", value=1, until=NOW)),
        encode(order("volume", 11)),
        encode(order()).replace(b'"v":1', b'"v":2'),
        encode(order()).replace(b"noc", b""),
    ],
)
def test_what_is_no_order_is_refused_with_a_reason(value):
    with pytest.raises(OrderError, match=r"\w+"):
        decode(value)


def test_the_later_order_of_the_topic_counts_though_its_authors_clock_is_behind():
    orders = Orders()
    assert orders.offer(order(value=False), NOW) == ""
    assert orders.offer(order(value=True, at=NOW - AHEAD_MS), NOW) == ""
    assert orders.killed(NOW)


def test_an_old_order_written_again_changes_nothing():
    orders = Orders()
    orders.offer(order(value=False), NOW)
    assert "older" in orders.offer(order(value=True, at=NOW - AHEAD_MS - 1), NOW)
    assert not orders.killed(NOW)


def test_an_order_from_the_future_would_shut_out_all_others_and_is_refused():
    orders = Orders()
    assert "ahead" in orders.offer(order(at=NOW + AHEAD_MS + 1), NOW)
    assert not orders.killed(NOW)


def test_orders_end():
    orders = Orders()
    orders.offer(order(until=NOW + 10), NOW)
    orders.offer(order(f"allow:{KEY}", until=NOW + 20), NOW)
    assert (orders.killed(NOW + 9), orders.killed(NOW + 10)) == (True, False)
    assert orders.allowed(NOW + 19) == {f"allow:{KEY}": (Target(Scope.PREFIX, "+333"), NOW + 20)}
    assert orders.allowed(NOW + 20) == {}
    orders.offer(order(f"allow:{KEY}", value=False), NOW)
    assert orders.allowed(NOW) == {}


@pytest.mark.parametrize(
    ("setting", "ends"), [(f"block:{KEY}", True), ("approve:0b7a", True), (f"release:{KEY}", False)]
)
def test_what_asks_for_a_command_ends_after_a_day_if_it_does_not_say_when(setting, ends):
    assert order(setting).in_force(NOW + ACT_MS - 1)
    assert order(setting).in_force(NOW + ACT_MS) != ends
    assert order(setting, until=NOW + 2 * ACT_MS).in_force(NOW + ACT_MS)


def test_a_setting_is_forgotten_only_when_none_of_its_orders_could_come_back():
    orders = Orders()
    orders.offer(order(f"allow:{KEY}", until=NOW + 100), NOW)
    orders.offer(order(f"allow:{KEY}", until=NOW + 10), NOW)
    orders.offer(order("mode", "off", until=NOW + 10), NOW)
    orders.offer(order("kill"), NOW)
    orders.forget(NOW + 99)
    assert [orders.newest(s) is not None for s in (f"allow:{KEY}", "mode", "kill")] == [True, False, True]
    orders.forget(NOW + 100)
    assert orders.newest(f"allow:{KEY}") is None


def test_a_withdrawal_is_remembered():
    orders = Orders()
    orders.offer(order(f"allow:{KEY}", value=False), NOW)
    orders.forget(NOW + 9 * ACT_MS)
    assert "older" in orders.offer(order(f"allow:{KEY}", at=NOW - AHEAD_MS - 1, until=NOW + 9 * ACT_MS), NOW)


def test_orders_come_back_as_they_were():
    orders = Orders()
    orders.offer(order(f"allow:{KEY}", until=NOW + 100), NOW)
    orders.offer(order("budget:active_blocks", 0), NOW)
    again = Orders.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(orders.snapshot())))
    assert again.in_force(NOW) == orders.in_force(NOW)
    assert (again.value("budget:active_blocks", NOW), again.value("mode", NOW)) == (0, None)
    assert again.knows(order("budget:active_blocks", 0))
    again.forget(NOW + 100)
    assert again.newest(f"allow:{KEY}") is None


def test_a_records_key_is_its_setting():
    assert read(b"kill", encode(order())) == order()
    with pytest.raises(OrderError, match="key is not its setting"):
        read(b"mode", encode(order()))


@given(st.binary(max_size=300))
def test_any_bytes_are_an_order_or_a_reason(value):
    with contextlib.suppress(OrderError):
        assert isinstance(decode(value), Order)
