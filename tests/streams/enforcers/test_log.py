"""The log driver: one line of JSON per change, written through at once."""

import io
import json

import pytest

from models.commands import Args, Scope, Target
from models.leases import Rule
from streams.enforcers.driver import Loaded, RuleChange
from streams.enforcers.log import LogDriver
from streams.errors import DependencyError

RULE = Rule("prefix:+333", Target(Scope.PREFIX, "+333"), "limit", 2000, "c1", Args(calls_per_minute=1))


class Pipe(io.BytesIO):
    """Remembers what had been written when it was flushed."""

    def flush(self):
        self.flushed = self.getvalue()


def test_every_change_is_a_line_that_is_out_before_the_next():
    pipe = Pipe()
    driver = LogDriver(pipe)
    driver.apply(Loaded("e1", ("prefix:+333",), 1000))
    assert json.loads(pipe.flushed) == {"event": "loaded", "enforcer": "e1", "keys": ["prefix:+333"], "at": 1000}
    driver.apply(RuleChange.of(RULE, "command", 1000, ends=False))
    driver.apply(RuleChange.of(RULE, "expired", 2000, ends=True))
    rule, end = map(json.loads, pipe.flushed.splitlines()[1:])
    assert rule == {
        "event": "rule",
        "key": "prefix:+333",
        "target": {"scope": "prefix", "value": "+333"},
        "effect": "limit",
        "args": {"calls_per_minute": 1},
        "until": 2000,
        "command": "c1",
        "cause": "command",
        "status": 200,
        "at": 1000,
    }
    assert (end["effect"], end["args"], end["cause"]) == ("none", None, "expired")


def test_a_reader_that_went_away_is_said():
    class Closed(io.BytesIO):
        def write(self, _):
            raise BrokenPipeError

    with pytest.raises(DependencyError, match="standard output"):
        LogDriver(Closed()).apply(Loaded("e1", (), 0))
