"""The process of one enforcer: its clock, its signals, its clients, and the loop that feeds the worker."""

import re
import signal
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from models.leases import LeaseTable
from models.plan import region_of_home
from models.table_lookup import Protected
from streams import logs
from streams.enforcers import DRIVERS
from streams.enforcers.driver import Driver, DriverError
from streams.enforcers.feed import ACKS, Feed, read_acknowledged
from streams.enforcers.worker import Worker
from streams.errors import DependencyError, UsageError
from streams.kafka import producer_config
from streams.settings import Settings
from streams.signing import KeyRing, Role
from streams.tables import load_tables

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""`|` separates an enforcer's name from a command's id in keys of `fraud.acks`."""
POLL_S = 0.05
TICK_MS = 100
REFRESH_MS = 30_000
FLUSH_S = 5.0

log = logs.get(__name__)


def driver_named(name: str) -> Driver:
    """Import a driver and make one.

    Raises:
        UsageError: it is not built in.
    """
    if name not in DRIVERS:
        raise UsageError(f"the enforcer {name} is not built in this version (there are: {', '.join(DRIVERS)})")
    module, attribute = DRIVERS[name].split(":")
    driver: Driver = getattr(import_module(module), attribute)()
    return driver


class _Acks:
    """Writes to `fraud.acks`; acknowledgements wait in memory while Kafka is away."""

    def __init__(self, settings: Settings) -> None:
        never_give_up = {"message.timeout.ms": 0}
        self._producer = Producer(producer_config(settings) | never_give_up)

    def send(self, key: bytes, value: bytes) -> None:
        """Hand a record to the producer."""
        try:
            self._producer.produce(ACKS, value, key, on_delivery=_delivered)
        except BufferError:
            log.warning("an acknowledgement was dropped: too many wait for Kafka")
        self._producer.poll(0)

    def poll(self) -> None:
        """Let the producer report."""
        self._producer.poll(0)

    def close(self) -> None:
        """Wait a little for what is on its way."""
        if left := self._producer.flush(FLUSH_S):
            log.warning("acknowledgements were not delivered", count=left)


def _delivered(error: KafkaError | None, _message: Message) -> None:
    if error is not None:
        log.warning("an acknowledgement was not delivered", error=error.str())


class _Stop:
    """Set by SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: Any) -> None:
        self.asked = True


def now_ms() -> int:
    """The time, ms since the epoch."""
    return time.time_ns() // 1_000_000


def run(
    settings: Settings, driver: Driver, name: str, switches: tuple[str, ...] = (), kill_file: Path | None = None
) -> None:
    """Enforce until SIGTERM.

    Args:
        settings: where Kafka, keys and tables are.
        driver: the switch.
        name: the enforcer's name on `fraud.acks`.
        switches: the switches that the driver drives; empty = all.
        kill_file: while this file exists, every call passes, also while Kafka is away.

    Raises:
        DependencyError: Kafka or the switch is out of reach at the start.
        UsageError: a bad name, a missing topic, no key of the decider's to trust.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"enforcer name {name!r}: use letters, digits, '.', '-' and '_', at most 64")
    stop = _Stop()
    keys = _keys(settings)
    protected = Protected(load_tables(settings), region_of_home(settings.network.home_country_code))
    acknowledged = read_acknowledged(settings, name)
    feed, acks = Feed(settings, name), _Acks(settings)
    worker = Worker(name, switches, LeaseTable(protected=protected), keys, driver, acks.send, acknowledged)
    try:
        _loop(worker, feed, acks, kill_file, stop)
    except DriverError as error:
        raise DependencyError(f"the switch is out of reach: {error}") from None
    finally:
        feed.close()
        acks.close()


def _keys(settings: Settings) -> KeyRing:
    keys = KeyRing.load(settings.keys.dir)
    if not keys.kids(Role.DECIDER):
        raise UsageError(
            f"{settings.keys.dir}: no public key of a decider: no command could be trusted"
            " (ringfence keys new NAME --role decider, or copy its .pub.pem here)"
        )
    if not keys.kids(Role.OPERATOR):
        log.warning("no operator's public key: orders of fraud.policy will be ignored")
    return keys


def _loop(worker: Worker, feed: Feed, acks: _Acks, kill_file: Path | None, stop: _Stop) -> None:
    loading = True
    next_tick_ms, next_refresh_ms = 0, now_ms() + REFRESH_MS
    while not stop.asked:
        record = feed.poll(POLL_S)
        now = now_ms()
        if record is not None:
            worker.take(record, now)
        if loading and not feed.loading:
            loading, next_tick_ms = False, now  # its first heartbeat is the load's
            worker.loaded(now)
            log.info("loaded", offsets=feed.offsets)
        if now >= next_tick_ms:
            next_tick_ms = now + TICK_MS
            worker.tick(now, feed.offsets, local_kill=kill_file is not None and kill_file.exists())
            acks.poll()
        if now >= next_refresh_ms:
            next_refresh_ms = now + REFRESH_MS
            if feed.refresh():
                loading = True
                worker.loading()
