"""Calls for tests of detection: lines of events by one-line helpers, and backtests that are taught a morning."""

import copy
import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from models import commands
from models.commands import Command
from models.tables import FreePrefix, ShortCode, Tables, TariffRow
from streams.backtest import Backtest, Decided
from streams.settings import Network, Settings

MORNING = 1_795_460_000_000
"""Event time (ms) of the first call of a taught morning."""
NOON = MORNING + 3_600_000
"""When the calls of a test begin."""
SECOND = 1_000
MINUTE = 60 * SECOND
SWITCHES = ("s1", "s2")
PLANS = ("prepaid", "postpaid")
VOICEMAIL = Tables(short_codes=(ShortCode("333", "voicemail"), ShortCode("177", "police")))


def event(kind: str, call: str, ts: int, called: str, payer: int, **changes: Any) -> bytes:
    """One event of a subscriber's call; a field changed to ... is left out."""
    fields = {"event": kind, "call_id": call, "ts": ts, "called": called, "plan": "prepaid", "switch": "s1"}
    fields |= {"caller": f"+2126{payer:08d}", "account": f"acc-{payer}", "currency": "MAD"}
    kept = {name: value for name, value in (fields | changes).items() if value is not ...}
    return json.dumps(kept).encode()


def free(called: str, payer: int, ts: int, **changes: Any) -> bytes:
    """A set-up that rating gave no price."""
    return event("attempt", f"f{payer}-{called}-{ts}", ts, called, payer, **{"rate": "0", **changes})


def paid(called: str, payer: int, ts: int, **changes: Any) -> bytes:
    """A set-up with a price."""
    return free(called, payer, ts, **{"rate": "3.50", **changes})


def charged(called: str, payer: int, ts: int, charge: str = "1.75", **changes: Any) -> bytes:
    """The release, half a minute after it began, of the call that `free` or `paid` set up at `ts`."""
    fields = {"duration_s": 25, "charge": charge, **changes}
    return event("release", f"f{payer}-{called}-{ts}", ts + 30 * SECOND, called, payer, **fields)


def number(prefix: str, nth: int, digits: int = 11) -> str:
    """The nth number under a prefix: neighbours differ in the digit after it."""
    rest = digits - len(prefix) + 1
    return f"{prefix}{nth % 10}{nth * 7919 % 10 ** (rest - 1):0{rest - 1}d}"


def morning(code: str = "+33", calls: int = 800, digits: int = 11) -> list[bytes]:
    """Paid calls to one country, a home call beside each; every switch and plan has its half of them."""
    lines = []
    for nth in range(calls):
        ts = MORNING + nth * 4 * SECOND
        place = {"switch": SWITCHES[nth // 10 % 2], "plan": PLANS[nth // 20 % 2]}
        lines.append(paid(number(code, nth, digits), 10_000 + nth, ts, **place))
        home = number("+2126", nth, 12)
        lines.append(event("cdr", f"h{nth}", ts + 500, home, 20_000 + nth, duration_s=20, rate="1.00", **place))
    return lines


def settings(**sections: Any) -> Settings:
    """Settings of a Moroccan network."""
    return Settings(network=Network(home_country_code="212"), **sections)


@functools.cache
def _taught(code: str, calls: int, digits: int, tables: Tables) -> Backtest:
    test = Backtest(settings(), tables)
    list(test.feed("morning:", 1, morning(code, calls, digits), teach=True))
    return test


def taught(code: str = "+33", calls: int = 800, digits: int = 11, tables: Tables = VOICEMAIL) -> Backtest:
    """A backtest of its own that has seen a quiet morning."""
    return copy.deepcopy(_taught(code, calls, digits, tables))


def feed(test: Backtest, lines: Sequence[bytes], cuts: Iterable[int] = ()) -> Iterator[Decided]:
    """Feed lines in pieces that end at `cuts`."""
    begin = 0
    for end in [*sorted(set(cuts)), len(lines)]:
        yield from test.feed("day:", begin + 1, lines[begin:end])
        begin = end


def orders(decided: Iterable[Decided]) -> list[tuple[int, Command]]:
    """The commands, each with the number of lines read."""
    return [(one.after, order.command) for one in decided for order in one.decision.orders]


def given(test: Backtest, lines: Sequence[bytes]) -> list[Command]:
    """The commands that lines lead to."""
    return [command for _, command in orders(feed(test, lines))]


def keys(given_commands: Iterable[Command]) -> list[tuple[str, str]]:
    """Action and key of commands."""
    return [(str(command.action), command.target.key()) for command in given_commands]


def spelled(decided: Iterable[Decided]) -> list[bytes]:
    """All that a backtest would write, as bytes."""
    told = []
    for one in decided:
        told += [b"%d %s" % (one.after, commands.encode(order.command)) for order in one.decision.orders]
        told += [b"%d %s" % (one.after, msgspec.json.encode(line)) for line in one.decision.verdicts]
    return told


def essence(decided: Iterable[Decided]) -> list[tuple[str, str, str, int]]:
    """Commands without what counts lines."""
    return [(c.action, c.target.key(), c.id, c.issued_at) for _, c in orders(decided)]


__all__ = ["FreePrefix", "ShortCode", "Tables", "TariffRow"]
