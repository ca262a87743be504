"""`ringfence send FILE…`: lines of JSON into `signalling.events`, byte for byte."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
import typer
from confluent_kafka import KafkaException, Producer
from rich.progress import Progress

from models.records import decode
from streams.cli.common import ConfigOption, JsonOption, print_json, progress
from streams.errors import DependencyError, NegativeAnswer, UsageError
from streams.kafka import producer_config, reach
from streams.settings import Settings, load

BATCH = 1000
"""Lines judged at once."""
FLUSH_S = 30.0


class _Key(msgspec.Struct):
    """The one field of a good event that becomes the record's key."""

    call_id: str


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="JSON lines; - is standard input.")],
    topic: Annotated[str, typer.Option(help="Where to send them.")] = "signalling.events",
    rate: Annotated[float | None, typer.Option(help="Lines per second at most.", min=0.001)] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Send events; a line with anything wrong in it is named on standard error and left out."""
    settings = load(config)
    _check_files(files)
    if topic not in reach(settings).topics:
        raise UsageError(f"topic {topic} is missing (make it: ringfence topics create)")
    sender = _Sender(settings, topic, rate)
    with progress() as bar:
        for name in files:
            _send_file(name, sender, bar)
        sender.finish()
    _report(sender, json)


def _report(sender: "_Sender", json: bool) -> None:
    if json:
        print_json({"sent": sender.sent, "rejected": sender.rejected})
    else:
        typer.echo(f"{sender.sent} sent, {sender.rejected} rejected")
    if sender.rejected:
        raise NegativeAnswer(f"{sender.rejected} lines were rejected and not sent")


def _check_files(files: Sequence[str]) -> None:
    for name in files:
        if name != "-" and not Path(name).is_file():
            raise UsageError(f"{name}: no such file")


def _send_file(name: str, sender: "_Sender", bar: Progress) -> None:
    size = None if name == "-" else Path(name).stat().st_size
    task = bar.add_task(name, total=size)
    with ExitStack() as stack:
        lines = enumerate(_opened(name, stack), 1)
        while batch := list(islice(lines, BATCH)):
            sender.send(name, [(number, line.rstrip(b"\r\n")) for number, line in batch if line.strip()])
            bar.advance(task, sum(len(line) for _, line in batch))


def _opened(name: str, stack: ExitStack) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise UsageError(f"{name}: cannot read it: {error.strerror}") from None


class _Pace:
    """Holds a sender to a rate, counted from its first line."""

    def __init__(self, per_s: float | None, clock: Callable[[], float], sleep: Callable[[float], Any]) -> None:
        self._per_s, self._clock, self._sleep = per_s, clock, sleep
        self._start_s: float | None = None
        self._count = 0

    def wait(self) -> None:
        """Wait until the next line is due; `sleep` may return early."""
        if self._per_s is None:
            return
        if self._start_s is None:
            self._start_s = self._clock()
        due_s = self._start_s + self._count / self._per_s
        self._count += 1
        while (early_s := due_s - self._clock()) > 0:
            self._sleep(early_s)


class _Sender:
    """Judges lines and produces the good ones; counts both."""

    def __init__(self, settings: Settings, topic: str, rate: float | None) -> None:
        self.sent = 0
        self.rejected = 0
        self._topic = topic
        self._producer = Producer(producer_config(settings))
        self._pace = _Pace(rate, time.monotonic, self._producer.poll)
        self._failure = ""

    def send(self, name: str, lines: Sequence[tuple[int, bytes]]) -> None:
        """Send the lines (number, bytes) in which every event is good."""
        bad = dict(_complaints([line for _, line in lines]))
        for position, (number, line) in enumerate(lines):
            if position in bad:
                self.rejected += 1
                typer.echo(f"{name}:{number}: {bad[position]}", err=True)
            else:
                self._pace.wait()
                self._produce(line)

    def _produce(self, line: bytes) -> None:
        while True:
            try:
                self._producer.produce(self._topic, line, _key(line), on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise DependencyError(f"cannot send to {self._topic}: {error.args[0].str()}") from None
            else:
                break
        self._producer.poll(0)
        self._give_up_on_failure()

    def _delivered(self, error: Any, _message: Any) -> None:
        if error is None:
            self.sent += 1
        elif not self._failure:
            self._failure = error.str()

    def _give_up_on_failure(self) -> None:
        if self._failure:
            raise DependencyError(f"{self._topic} did not take a record: {self._failure} ({self.sent} sent)")

    def finish(self) -> None:
        """Wait for every acknowledgement.

        Raises:
            DependencyError: Kafka did not take all of them.
        """
        waiting = self._producer.flush(FLUSH_S)
        self._give_up_on_failure()
        if waiting:
            raise DependencyError(f"{self._topic}: {waiting} records were not acknowledged ({self.sent} were)")


def _complaints(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    """Position and reason of every line with a bad event; the last reason of a line is shown."""
    for reject in decode(lines, None).rejects:
        detail = f": {reject.detail}" if reject.detail else ""
        yield reject.record, f"{reject.reason.value}{detail}"


def _key(line: bytes) -> bytes | None:
    """The call's id; an array of events may be of many calls and has no key."""
    if line.lstrip().startswith(b"["):
        return None
    return msgspec.json.decode(line, type=_Key).call_id.encode()
