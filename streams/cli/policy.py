"""`ringfence policy show|mode|kill|budget`: what operators have set, and setting it."""

from enum import StrEnum
from typing import Annotated

import typer

from models.orders import Order
from models.policy import BUDGETS, COUNTS, LADDER
from streams.cli.common import ConfigOption, JsonOption, print_json, print_table
from streams.cli.orders import AuthorOption, KeyOption, ReasonOption, UntilOption, now_ms, order_of, send, spelled
from streams.errors import UsageError
from streams.operator_orders import in_force
from streams.settings import load

app = typer.Typer(help="What operators have set, and setting it.", no_args_is_help=True, rich_markup_mode=None)

Mode = StrEnum("Mode", LADDER)  # type: ignore[misc] # its names are the ladder's, and are written down only there
Switch = StrEnum("Switch", ["on", "off"])


@app.command()
def show(config: ConfigOption = None, json: JsonOption = False) -> None:
    """The settings in force, who set them, why and until when."""
    settings = load(config)
    orders, refused = in_force(settings, now_ms())
    if json:
        fields = ("setting", "value", "author", "reason", "at", "until")
        found = [{name: getattr(order, name) for name in fields} for order in orders]
        print_json({"configured_mode": settings.policy.mode, "orders": found, "refused": refused})
        return
    print_table(("setting", "value", "author", "reason", "since", "until"), map(_row, orders))
    typer.echo(f"configured: mode {settings.policy.mode}, of two modes the lower one counts")
    if refused:
        typer.echo(f"{refused} records are no orders, or not of an operator who is trusted here: ignored", err=True)


def _row(order: Order) -> tuple[object, ...]:
    return order.setting, order.value, order.author, order.reason, spelled(order.at), spelled(order.ends)


@app.command()
def mode(
    value: Annotated[Mode, typer.Argument(metavar="MODE", help="off, shadow, limit or enforce.")],
    reason: ReasonOption,
    author: AuthorOption = None,
    until: UntilOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Lower what findings may do, below the configuration's mode; off and shadow release what is in force."""
    send(load(config), [order_of("mode", str(value), reason, author, until)], key, json)


@app.command()
def kill(
    value: Annotated[Switch, typer.Argument(metavar="on|off", help="on: every call passes, and no command is given.")],
    reason: ReasonOption,
    author: AuthorOption = None,
    until: UntilOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Throw the kill switch: enforcers let every call pass within 5 s; leases run on."""
    send(load(config), [order_of("kill", value == "on", reason, author, until)], key, json)


@app.command()
def budget(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BUDGETS)}.")],
    value: Annotated[str, typer.Argument(help="A share from 0 to 1, a count, or default.")],
    reason: ReasonOption,
    author: AuthorOption = None,
    until: UntilOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Set a budget, or give it back to the configuration (default)."""
    order = order_of(f"budget:{name}", _budget(name, value), reason, author, until)
    send(load(config), [order], key, json)


def _budget(name: str, value: str) -> float | int | None:
    if value == "default":
        return None
    try:
        return int(value) if name in COUNTS else float(value)
    except ValueError:
        raise UsageError(f"budget {name} {value}: write a number, or default") from None
