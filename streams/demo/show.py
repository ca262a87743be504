"""The demo from curtain to curtain: Kafka, stage, service, the quiet morning, the play, and everything stopped."""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np

from models.scenarios.morning import morning
from models.scenarios.network import Network
from streams.broker import Broker
from streams.demo import processes, stage
from streams.demo.play import Play
from streams.demo.report import judge, print_report
from streams.demo.view import View, view
from streams.demo.wires import Events, arrivals, lag, wall_ms
from streams.errors import DependencyError
from streams.settings import Settings

SUBSCRIBERS = 10_000
MORNING_MS = 3 * 3_600_000
MORNING_CALLS = 10_000
SINCE_MORNING_MS = 60_000
"""The first live calls close the morning's last minute: the impact is a share of a complete hour."""
TAKEN_S = 60.0
"""How long the service may take for the morning."""
GROUPS = (("ringfence.intake", "signalling.events"), ("ringfence.detector", "ringfence.rows"))
LOOK_EVERY_S = 0.2


def perform(seed: int, rate: float, *, keep: bool) -> None:
    """Show the incident and print the closing table; all that was started is stopped, unless `keep`.

    Raises:
        NegativeAnswer: no block, no release, or an honest call was refused.
        DependencyError: something that we need did not start or ended.
    """
    signal.signal(signal.SIGTERM, _interrupt)
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
    with view() as watched, _kafka(home, keep) as bootstrap:
        watched.say(f"Kafka runs at {bootstrap}")
        settings = stage.build(home, bootstrap)
        watched.say("topics, tables, a decider's and an operator's key are made")
        configuration = stage.configuration(home)
        with (
            processes.service(configuration, home / "service.log", keep=keep) as service,
            processes.enforcer(configuration, home / "enforcer.log") as enforcer,
        ):
            play = _perform(settings, service, enforcer, watched, seed, rate)
    if keep:
        _say_how_to_stop(home, bootstrap, service)
    return play


def _perform(
    settings: Settings, service: processes.Process, enforcer: processes.Process, watched: View, seed: int, rate: float
) -> Play:
    """The morning and the incident, on a service that runs."""
    network = Network(np.random.default_rng(seed), SUBSCRIBERS)
    events = Events(settings)
    sent = _send_morning(network, events)
    watched.say(f"the quiet morning of {SUBSCRIBERS:,} subscribers: {sent:,} events sent")
    watched.say(f"the service is ready: {processes.wait_until_ready(service)}")
    with arrivals(settings, enforcer) as inbox:
        _wait_until_taken(settings, service)
        watched.say("the service has learned what calls cost; now live")
        play = Play(network, events, inbox, watched, rate)
        play.run((service, enforcer))
    return play


@contextmanager
def _kafka(home: Path, keep: bool) -> Iterator[str]:
    """A Kafka of our own; with `keep` it is stopped only where something fails."""
    broker = Broker(home / "kafka") if keep else Broker(ephemeral=True)
    try:
        broker.start()
        yield broker.bootstrap_servers
    except BaseException:
        broker.stop()
        raise
    if not keep:
        broker.stop()


def _send_morning(network: Network, events: Events) -> int:
    """Back-fill the morning, as fast as Kafka takes it; gives the number of events."""
    end_ms, sent = int(wall_ms()) - SINCE_MORNING_MS, 0
    for event in morning(network, end_ms - MORNING_MS, end_ms, MORNING_CALLS):
        events.send(event)
        sent += 1
    events.flush()
    return sent


def _wait_until_taken(settings: Settings, service: processes.Process) -> None:
    deadline_s = time.monotonic() + TAKEN_S
    for group, topic in GROUPS:
        while lag(settings, group, topic):
            service.check()
            if time.monotonic() > deadline_s:
                raise DependencyError(f"the service did not take the morning in {TAKEN_S:.0f} s (log: {service.log})")
            time.sleep(LOOK_EVERY_S)


def _say_how_to_stop(home: Path, bootstrap: str, service: processes.Process) -> None:
    sys.stderr.write(
        f"kept: Kafka at {bootstrap}, the service as process {service.process.pid}"
        f" (configuration: {stage.configuration(home)})\n"
        f"stop them: kill {service.process.pid}; ringfence kafka stop --data {home / 'kafka'}; rm -r {home}\n"
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does: with everything stopped."""
    raise KeyboardInterrupt
