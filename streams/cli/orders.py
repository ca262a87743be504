"""What the verbs of the operator's hand share: who orders what, why and until when, as options and as one order."""

import getpass
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from models.orders import Order
from streams.cli.common import print_json
from streams.durations import seconds
from streams.errors import UsageError
from streams.operator_orders import SETTINGS, give
from streams.settings import Settings

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is shown to everybody who is told.")]
AuthorOption = Annotated[str | None, typer.Option("--author", help="Who orders it (default: your user name).")]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Its end: a time with an offset (2026-11-25T18:00:00Z), or '2 h' from now."),
]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="The operator's key to sign with, where there are several.")
]


def now_ms() -> int:
    """The time, ms since the epoch."""
    return time.time_ns() // 1_000_000


def moment(text: str, option: str, sign: int) -> int:
    """A time in ms: RFC 3339 text, or a duration from now (`sign` 1) or ago (-1).

    Raises:
        UsageError: it is neither.
    """
    try:
        return now_ms() + sign * round(float(str(seconds(text))) * 1000)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"{option} {text}: write a time with its offset (2026-11-25T18:00:00Z) or a duration ('2 h')")
    return round(found.timestamp() * 1000)


def end_of(until: str | None) -> int | None:
    """The end of an order in ms, None where none is given.

    Raises:
        UsageError: no time, or one that is past.
    """
    if until is None:
        return None
    end_ms = moment(until, "--until", 1)
    if end_ms <= now_ms():
        raise UsageError(f"--until {until}: it is past")
    return end_ms


def order_of(setting: str, value: Any, reason: str, author: str | None, until: str | None = None) -> Order:
    """The order that the options describe, given now.

    Raises:
        UsageError: an end that is none, or a user without a name.
    """
    return Order(
        setting=setting, value=value, author=author or _user(), reason=reason, at=now_ms(), until=end_of(until)
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError("this user has no name: say who you are with --author NAME") from None


def send(settings: Settings, orders: list[Order], key: str | None, json: bool) -> None:
    """Write orders and say so.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: an order that is none, no key to sign with, or no topic.
    """
    kid = give(settings, orders, key) if orders else ""
    if json:
        print_json([{"setting": o.setting, "value": o.value, "at": o.at, "until": o.until, "kid": kid} for o in orders])
        return
    for order in orders:
        lasts = order.kind in SETTINGS and order.in_force(order.at)
        end = f" until {spelled(order.ends)}" if lasts and order.ends is not None else ""
        typer.echo(f"ordered {order.setting} by {order.author}{end}, signed by {kid}")


def spelled(at_ms: int | None) -> str:
    """A time for a person, empty for none.

    >>> spelled(1_795_460_000_000)
    '2026-11-23T18:53:20Z'
    """
    return "" if at_ms is None else datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
