"""`ringfence demo`: see the incident, start to finish, on a Kafka of its own."""

from typing import Annotated

import typer


def command(
    keep: Annotated[bool, typer.Option("--keep", help="Leave Kafka and the service running.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed plans the same calls.")] = 1,
    rate: Annotated[float, typer.Option("--rate", min=5.0, max=500.0, help="Ordinary calls a second.")] = 60.0,
) -> None:
    """Play the founding incident; exit status 0 only if it was blocked, released, and no honest call was refused."""
    from streams.demo.show import perform  # noqa: PLC0415 - the help needs no Kafka client

    perform(seed, rate, keep=keep)
