"""`ringfence doctor`: what is wrong with this installation, and what to do."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.text import Text

import streams
from streams.checks import Level, Line, ok
from streams.checks.cluster import kafka
from streams.checks.machine import broker, packages, python, state
from streams.checks.operator import forest, keys, network, tables
from streams.checks.running import service
from streams.cli.common import ConfigOption, JsonOption, console, print_json
from streams.errors import NegativeAnswer, RingfenceError, UsageError
from streams.settings import DEFAULT_FILE, Settings, load

CHECKS: dict[str, Callable[[Settings], Iterator[Line]]] = {
    "python": lambda _: python(),
    "packages": lambda _: packages(Path(streams.__file__).parents[1] / "requirements.lock"),
    "java": lambda _: broker(os.environ),
    "network": network,
    "tables": tables,
    "forest": forest,
    "keys": keys,
    "state": state,
    "kafka": kafka,
    "service": service,
}
"""What is looked at, in this order: first what hangs on nothing else."""
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def command(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Look at Python, packages, Java, tables, model, keys, Kafka, topics, clocks, service; exit status 1 on a fail."""
    found = []
    for line in examine(config):
        found.append(line)
        if not json:
            _show(line)
    failed = Counter(line.level for line in found)[Level.FAIL]
    if json:
        print_json({"ok": not failed, "checks": [line._asdict() for line in found]})
    if failed:
        raise NegativeAnswer(f"{failed} of {len(found)} checks failed")


def examine(config: Path | None) -> Iterator[Line]:
    """Every line as soon as it is known: a Kafka that is out of reach takes its time."""
    try:
        settings = load(config)
    except UsageError as error:
        yield Line(Level.FAIL, "settings", str(error))
        return
    file = config or Path(DEFAULT_FILE)
    yield ok("settings", str(file) if file.is_file() else f"no {file}: defaults and environment")
    for subject, check in CHECKS.items():
        try:
            yield from check(settings)
        except RingfenceError as error:  # says itself what to do
            yield Line(Level.FAIL, subject, str(error))


def _show(line: Line) -> None:
    todo = f" -> {line.todo}" if line.todo else ""
    level = (f"{line.level:<5}", STYLES[line.level])
    console().print(Text.assemble(level, f"{line.subject:<10}{line.says}{todo}"), soft_wrap=True)
