"""The command line: `ringfence VERB` (contract, section 6); a verb's module is imported when it is used."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from streams.errors import RingfenceError


class Verb(NamedTuple):
    """Where a verb's code is (`module:attribute`, a Typer app or a function), and its line of help."""

    where: str
    help: str


VERBS = {
    "demo": Verb("streams.cli.demo:command", "See the incident, start to finish, on a Kafka of its own."),
    "run": Verb("streams.cli.run:command", "Run the service: all roles, or those named."),
    "kafka": Verb("streams.cli.kafka:app", "A single-node Apache Kafka on this machine, for development and tests."),
    "topics": Verb("streams.cli.topics:app", "The contract's topics on the configured cluster: create, check."),
    "keys": Verb("streams.cli.keys:app", "The signing keys: new, list."),
    "send": Verb("streams.cli.send:command", "Send files of events into signalling.events."),
    "backtest": Verb("streams.cli.backtest:command", "The same code over recorded events, without Kafka."),
    "simulate": Verb("streams.cli.simulate:command", "A closed loop with a simulated switch, without Kafka."),
    "learn": Verb("streams.cli.learn:command", "Propose what a network's own history teaches; nothing is in force."),
    "train": Verb("streams.cli.train:command", "Train the isolation forest on recorded events, or on the topic."),
    "model": Verb("streams.cli.model:app", "The isolation forest's model: show, verify."),
    "policy": Verb("streams.cli.policy:app", "What operators have set: show, mode, kill, budget."),
    "approve": Verb("streams.cli.decide:approve", "Let a held incident have its command."),
    "block": Verb("streams.cli.decide:block", "Block a target, until an end."),
    "release": Verb("streams.cli.decide:release", "Withdraw what is in force on a target."),
    "allow": Verb("streams.cli.decide:allow", "Let the calls of a target pass, until an end."),
    "rollback": Verb("streams.cli.decide:rollback", "Release every command in force that was issued since a time."),
    "status": Verb("streams.cli.status:command", "What is happening: roles, Kafka, topics, tables, incidents."),
    "watch": Verb("streams.cli.watch:command", "Commands and incidents as they come."),
    "bench": Verb("streams.cli.bench:command", "Throughput, latency, memory and restart on this machine."),
    "doctor": Verb("streams.cli.doctor:command", "What is wrong with this installation, and what to do."),
    "enforce": Verb("streams.cli.enforce:app", "Run one enforcer."),
}


class _Lazy(TyperGroup):
    """A group whose verbs are placeholders until one of them is used."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_verb(name) if name else None, rest


def load_verb(name: str) -> Any:
    """Import a verb's module and give its command.

    Raises:
        KeyError: no verb has this name.
    """
    module, attribute = VERBS[name].where.split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, help=VERBS[name].help)(found)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        from streams.version import installed  # noqa: PLC0415 - slow, and rarely asked for

        typer.echo(f"ringfence {installed()}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Streaming fraud detection for telephone networks: free international routes and call bursts."""


def command_line() -> TyperGroup:
    """The whole command line, its verbs not yet imported."""
    app = typer.Typer(cls=_Lazy, add_completion=False, rich_markup_mode=None, no_args_is_help=True)
    app.callback()(_options)
    group = typer.main.get_group(app)
    for name, verb in VERBS.items():
        group.add_command(TyperCommand(name, help=verb.help, rich_markup_mode=None))
    return group


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the contract's status: 0, 1 no, 2 wrong usage, 3 out of reach."""
    try:
        command_line().main(args=arguments, prog_name="ringfence")
    except RingfenceError as error:
        sys.stderr.write(f"ringfence: {error}\n")
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
