"""The simulated switch does what the log driver's lines say."""

import msgspec
import pytest

from models.commands import Args, Target
from models.leases import LeaseTable
from models.matching import CallView
from streams.demo.obedience import Effect, Obedience
from streams.enforcers.driver import Loaded, RuleChange

NOW_MS = 1_795_460_000_000
KEY = "prefix:+333"
CALL = CallView("+33387654321")
REFUSE = RuleChange(KEY, Target.from_key(KEY), "refuse", None, NOW_MS + 100_000, "c-1", "command", 200, NOW_MS)
LIMIT = msgspec.structs.replace(REFUSE, effect="limit", args=Args(calls_per_minute=2), command="c-2")
NONE = msgspec.structs.replace(REFUSE, effect="none")
ALLOW = msgspec.structs.replace(REFUSE, key=f"allow:{KEY}", effect="pass", command="")


@pytest.fixture
def table():
    return LeaseTable()


@pytest.fixture
def hear(table):
    obedience = Obedience(table)
    return lambda change, now_ms=NOW_MS: list(obedience.hear(change, now_ms))


def effects(table, calls=1, now_ms=NOW_MS):
    return [table.judge(CALL, now_ms).effect for _ in range(calls)]


def test_a_rule_holds_until_its_end_and_names_its_command(table, hear):
    assert hear(REFUSE) == [Effect(KEY, "refuse")]
    assert table.judge(CALL, NOW_MS).command == "c-1"
    assert table.judge(CallView("333"), NOW_MS).effect == "pass"
    assert effects(table, now_ms=NOW_MS + 100_000) == ["pass"]


def test_a_limit_takes_the_place_of_a_refusal(table, hear):
    hear(REFUSE)
    hear(LIMIT)
    assert effects(table, 3) == ["pass", "pass", "refuse"]
    assert effects(table, now_ms=NOW_MS + 60_000) == ["pass"]


def test_a_rule_that_is_withdrawn_holds_no_more_and_may_come_again(table, hear):
    hear(REFUSE)
    assert hear(NONE) == [Effect(KEY, "none")]
    assert effects(table) == ["pass"]
    hear(REFUSE)
    assert effects(table) == ["refuse"]


def test_an_allow_entry_goes_before_every_rule(table, hear):
    hear(REFUSE)
    hear(ALLOW)
    assert effects(table) == ["pass"]
    hear(msgspec.structs.replace(ALLOW, effect="none"))
    assert effects(table) == ["refuse"]


def test_an_enforcer_that_was_started_anew_ends_what_it_does_not_name(table, hear):
    hear(REFUSE)
    assert hear(Loaded("demo", (KEY,), NOW_MS)) == []
    assert effects(table) == ["refuse"]
    assert hear(Loaded("demo", (), NOW_MS)) == [Effect(KEY, "none")]
    assert effects(table) == ["pass"]
