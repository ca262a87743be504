"""The demo from curtain to curtain: Kafka, stage, service, the quiet morning, the play, and everything stopped."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from models.scenarios.morning import BROKEN, morning
from models.scenarios.network import Network
from models.scenarios.switch import Emitted
from streams.broker import Broker
from streams.dead_letters import TOPIC as DEAD_LETTERS
from streams.demo import lesson, processes, stage
from streams.demo.interrupts import interruptible
from streams.demo.play import Play
from streams.demo.report import judge, print_report
from streams.demo.view import View, view
from streams.demo.wires import Events, arrivals, lag, wall_ms
from streams.errors import DependencyError
from streams.reading import to_the_end
from streams.settings import Settings

SUBSCRIBERS = 10_000
MORNING_MS = 8 * 3_600_000
MORNING_CALLS = 20_000
"""Enough for a forest of routes and called numbers."""
TAKEN_S = 60.0
"""How long the service may take for the morning."""
GROUPS = (("ringfence.intake", "signalling.events"), ("ringfence.detector", "ringfence.rows"))
LOOK_EVERY_S = 0.2
KAFKA_RUNS, READY = 0.1, 0.25
"""How much of the whole is done by then."""


class Story(NamedTuple):
    """Who calls: the network, what it did in the morning, and how many ordinary calls a second it makes now."""

    network: Network
    quiet: list[Emitted]
    rate: float


def perform(seed: int, rate: float, *, keep: bool) -> None:
    """Show the incident and print the closing table; all that was started is stopped, unless `keep`.

    Raises:
        NegativeAnswer: no block, no release, or an honest call was refused.
        DependencyError: something that we need did not start or ended.
    """
    interruptible()
    home = Path(tempfile.mkdtemp(prefix="ringfence-demo-")).resolve()
    kept = False
    try:
        play = _on_kafka(home, seed, rate, keep)
        print_report(play.switch.tally, play.measured)
        kept = keep
        judge(play.switch.tally, play.measured)
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def _on_kafka(home: Path, seed: int, rate: float, keep: bool) -> Play:
    with view() as watched, _kafka(home, keep, watched) as bootstrap:
        watched.say(f"Kafka runs at {bootstrap}")
        settings = stage.build(home, bootstrap)
        watched.say("topics, tables, a decider's and an operator's key are made; the service starts")
        watched.step(KAFKA_RUNS)
        configuration = stage.configuration(home)
        network = Network(np.random.default_rng(seed), SUBSCRIBERS)
        quiet = _morning(network)
        watched.say(lesson.learn(settings, [event.value for event in quiet], seed))
        with (
            processes.running(lambda: processes.service(configuration, home / "service.log"), keep=keep) as service,
            processes.running(lambda: processes.Enforcer(configuration, home / "enforcer.log")) as enforcer,
        ):
            play = _perform(settings, service, enforcer, watched, Story(network, quiet, rate))
    if keep:
        _say_how_to_stop(home, bootstrap, service)
    return play


def _morning(network: Network) -> list[Emitted]:
    """The quiet hours until now."""
    end_ms = int(wall_ms())
    return list(morning(network, end_ms - MORNING_MS, end_ms, MORNING_CALLS))


def _perform(
    settings: Settings, service: processes.Process, enforcer: processes.Enforcer, watched: View, story: Story
) -> Play:
    """The morning and the incident, on a service that runs."""
    events = Events(settings)
    watched.say(f"an operator orders, with a signature: {stage.order(settings, int(wall_ms()))}")
    watched.say(f"the service is ready: {processes.wait_until_ready(service)}")
    watched.step(READY)
    sent = _send_morning(story.quiet, events)
    watched.say(f"the quiet morning of {SUBSCRIBERS:,} subscribers: {sent:,} events sent")
    with arrivals(settings, enforcer) as inbox:
        _wait_until_taken(settings, service)
        watched.say(f"what cannot be read is kept on {DEAD_LETTERS}, byte for byte: {_dead_letters(settings)}")
        watched.say("the service has learned what calls cost; now live")
        play = Play(story.network, events, inbox, watched, story.rate)
        play.run(service)
    return play


@contextmanager
def _kafka(home: Path, keep: bool, watched: View) -> Iterator[str]:
    """A Kafka of our own."""
    broker = Broker(home / "kafka" if keep else None, ephemeral=not keep, progress=watched.fetch)
    with processes.running(lambda: broker, keep=keep):
        yield broker.start().bootstrap_servers


def _send_morning(quiet: Sequence[Emitted], events: Events) -> int:
    """Back-fill the morning and what a broken probe sent, as fast as Kafka takes it; gives the number of records."""
    for event in quiet:
        events.send(event)
    for record in BROKEN:
        events.send(Emitted(int(wall_ms()), b"probe-7", record))
    events.flush()
    return len(quiet) + len(BROKEN)


def _wait_until_taken(settings: Settings, service: processes.Process) -> None:
    deadline_s = time.monotonic() + TAKEN_S
    for group, topic in GROUPS:
        while lag(settings, group, topic):
            service.check()
            if time.monotonic() > deadline_s:
                raise DependencyError(f"the service did not take the morning in {TAKEN_S:.0f} s (log: {service.log})")
            time.sleep(LOOK_EVERY_S)


def _dead_letters(settings: Settings) -> str:
    """The reasons of all dead letters; one that was written again after a crash counts once."""
    headers = [cast("dict[str, bytes]", dict(m.headers() or [])) for m in to_the_end(settings, DEAD_LETTERS, 0)]
    reasons = {found["dlq.source"]: found["dlq.reason"].decode() for found in headers}
    return ", ".join(reasons.values()) or "nothing"


def _say_how_to_stop(home: Path, bootstrap: str, service: processes.Process) -> None:
    sys.stderr.write(
        f"kept: Kafka at {bootstrap}, the service as process {service.process.pid}"
        f" (configuration: {stage.configuration(home)})\n"
        f"stop them: kill {service.process.pid}; ringfence kafka stop --data {home / 'kafka'}; rm -r {home}\n"
    )
