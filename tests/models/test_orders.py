"""Operators' orders: what is one, and which of several counts."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orders import AHEAD_MS, Order, OrderError, Orders, decode, encode
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
        (f"block:{KEY}", {"lease_s": 900}, None),
        (f"release:{KEY}", True, None),
        ("approve:0b7a0000-0000-5000-8000-000000000000", "block", None),
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
        encode(order("budget:x", True)),
        encode(order("budget:x", -1)),
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


@given(st.binary(max_size=300))
def test_any_bytes_are_an_order_or_a_reason(value):
    with contextlib.suppress(OrderError):
        assert isinstance(decode(value), Order)
