"""How our Faust apps are set up, run and ended; what we rely on in Faust is pinned by contract tests."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn, cast

import faust
from faust.assignor.partition_assignor import PartitionAssignor

from streams import logs
from streams.errors import DependencyError
from streams.heartbeat import Heartbeat
from streams.kafka import MAX_BLOCK_BYTES
from streams.settings import Settings

RAW: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw", "value_type": bytes}
SESSION_S = 6.0
"""After a crash the partitions of a role are free again within this time."""

log = logs.get(__name__)


def new_app(name: str, settings: Settings, waiting: int, heartbeat: Heartbeat) -> faust.App:
    """A Faust app without tables, web server or leader topic; acknowledged offsets are committed every second.

    Args:
        name: of the app, and of its consumer group.
        settings: all of them.
        waiting: messages that may wait in memory for their turn.
        heartbeat: is told why the process ends where the cluster does not know the topic.
    """
    brokers, credentials = settings.kafka.faust()
    datadir = settings.service.state_dir / "faust" / name
    datadir.mkdir(parents=True, exist_ok=True)
    return faust.App(
        name,
        broker=brokers,
        broker_credentials=credentials,
        store="memory://",
        datadir=str(datadir),
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        # The broker fills each partition's share of an answer to the byte: the block that it cuts off is sent again.
        consumer_max_fetch_size=MAX_BLOCK_BYTES,
        # No checksums, a third of what reading costs. The broker checks what it is sent, and TCP or TLS what comes; a
        # bit that turns on the broker's disk is seen only where it breaks a block's sizes or codes. All else that we
        # read comes through librdkafka, which does not check by default either (`check.crcs`).
        broker_check_crcs=False,
        broker_commit_interval=1.0,
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=1.5,
        stream_buffer_maxsize=waiting,
        stream_wait_empty=False,
        processing_guarantee="at_least_once",
        PartitionAssignor=_assignor(heartbeat),
    )


def _assignor(heartbeat: Heartbeat) -> type[PartitionAssignor]:
    """Faust's assignor, which hands out nothing, for ever, where a broker that has just started knows no topic yet."""

    class Assignor(PartitionAssignor):
        @classmethod
        def _get_copartitioned_groups(cls, topics: Any, cluster: Any, subscriptions: Any) -> Any:
            if missing := sorted(topic for topic in topics if not cluster.partitions_for_topic(topic)):
                end(heartbeat, f"Kafka does not know the topic {missing[0]} (yet): no partition of it can be assigned")
            return super()._get_copartitioned_groups(topics, cluster, subscriptions)

    return Assignor


@asynccontextmanager
async def supervised(heartbeat: Heartbeat) -> AsyncIterator[None]:
    """End the process at any failure: the supervisor starts it anew from what is durable."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        end(heartbeat, logs.describe(error))


def end(heartbeat: Heartbeat, reason: str) -> NoReturn:
    """End the process at once, and say why."""
    log.critical("role failed", reason=reason)
    heartbeat.last_words(reason)
    os._exit(1)


def on_revoked(app: faust.App, act: Callable[[set[int]], Awaitable[None]]) -> None:
    """Call `act` with the numbers of the partitions that this member loses, before another one gets them."""

    async def revoked(_app: Any, partitions: Any, **_: Any) -> None:
        await act({partition.partition for partition in partitions})

    app.on_partitions_revoked.connect(cast(Any, revoked), weak=False)


def run(app: faust.App) -> None:
    """Run an app until SIGTERM.

    Raises:
        DependencyError: it ended by itself.
    """
    worker = faust.Worker(app, loglevel="WARNING", override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # quiet or not, it would write codes for the cursor into whatever standard output is
    try:
        worker.execute_from_commandline()
    except SystemExit as ended:
        if ended.code:
            raise DependencyError("Faust ended by itself: Kafka is out of reach, or refuses this member") from None
        raise


def assigned(app: faust.App) -> set[Any]:
    """The partitions that the app reads now; empty during a rebalance."""
    consumer = getattr(app, "consumer", None)
    return set() if app.rebalancing or consumer is None else set(consumer.assignment())
