"""`ringfence approve|block|release|allow|rollback`: what an operator decides about single targets."""

from enum import StrEnum
from typing import Annotated

import typer

from models.operator import forbidden
from models.targets import CommandError, Target
from streams.cli.common import ConfigOption, JsonOption, print_json
from streams.cli.orders import AuthorOption, KeyOption, ReasonOption, UntilOption, moment, now_ms, order_of, send
from streams.errors import NegativeAnswer, UsageError
from streams.operator_orders import commands_in_force, incident_state
from streams.settings import Settings, load

KeyArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="scope:value and qualifiers, as prefix:+333@switch=fes-msc-1.")
]
Effect = StrEnum("Effect", ["block", "limit"])


def approve(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="The id of a held incident.")],
    reason: ReasonOption,
    effect: Annotated[Effect | None, typer.Option("--as", help="block or limit (default: by its evidence).")] = None,
    author: AuthorOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let a held incident have its command."""
    settings = load(config)
    order = order_of(f"approve:{incident}", str(effect) if effect else True, reason, author)
    state = incident_state(settings, incident)
    if state is None:
        raise NegativeAnswer(f"{incident}: no such incident (fraud.incidents has them)")
    if state.state != "held":
        raise NegativeAnswer(f"{incident}: it is {state.state}, and only a held incident waits for an approval")
    send(settings, [order], key, json)


def block(
    target: KeyArgument,
    reason: ReasonOption,
    until: UntilOption = None,
    author: AuthorOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Block a target, by default for 24 hours; its lease is renewed until then."""
    settings = load(config)
    _check(target, settings)
    send(settings, [order_of(f"block:{target}", True, reason, author, until)], key, json)


def _check(target: str, settings: Settings) -> None:
    """See that the decider may block it: protected numbers are refused here, too."""
    from streams.assembly import protected_of  # noqa: PLC0415 - compiles kernels
    from streams.tables import load_tables  # noqa: PLC0415

    try:
        why = forbidden(Target.from_key(target), protected_of(settings, load_tables(settings)))
    except CommandError as error:
        raise UsageError(f"{target}: {error}") from None
    if why:
        raise UsageError(f"{target}: it is protected, no command may touch it ([network] protected, short_codes)")


def release(
    target: KeyArgument,
    reason: ReasonOption,
    author: AuthorOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Withdraw what is in force on a target; the same proof does not lead to a command again."""
    send(load(config), [order_of(f"release:{target}", True, reason, author)], key, json)


def allow(
    target: KeyArgument,
    reason: ReasonOption,
    until: UntilOption = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the entry now.")] = False,
    author: AuthorOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let the calls of a target pass until an end: no command inside it, and enforcers pass them whatever holds."""
    if withdraw == (until is not None):
        raise UsageError("allow needs an end (--until '2 h'), or --withdraw to end an entry now")
    send(load(config), [order_of(f"allow:{target}", not withdraw, reason, author, until)], key, json)


def rollback(
    since: Annotated[str, typer.Option("--since", help="Commands issued since then: a time, or '2 h' ago.")],
    reason: ReasonOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    author: AuthorOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Release every command in force that was issued since a time."""
    settings = load(config)
    found = commands_in_force(settings, now_ms(), moment(since, "--since", -1))
    orders = [order_of(f"release:{command.target.key()}", True, reason, author) for command in found]
    if not dry_run:
        send(settings, orders, key, json)
    elif json:
        print_json([order.setting for order in orders])
    else:
        for order in orders:
            typer.echo(f"would order {order.setting}")
    if not json:
        typer.echo(f"{len(orders)} commands in force since then")
