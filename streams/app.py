"""The flow on one screen: two Faust apps between the intake and the enforcers (design, section 2).

    signalling.events -> intake -> ringfence.rows -> detector -> ringfence.findings -> decider -> fraud.control

A Faust message is a block of rows or one finding, never one event. Streams are `noack`: a message is acknowledged,
in order, only when the state that it changed is durable, and a handler that fails ends the process, because Faust
would acknowledge a message whose handler raised.
"""

from typing import Any, Protocol

import faust

from streams.faust_app import RAW, new_app, on_revoked, supervised
from streams.heartbeat import Heartbeat
from streams.settings import Settings


class Step(Protocol):
    """A role between two topics."""

    heartbeat: Heartbeat

    async def take(self, event: Any, /) -> None:
        """Apply one message; it is acknowledged later, when its effect is durable."""

    async def tick(self) -> None:
        """Let time pass: save, report."""

    async def revoked(self, partitions: set[int], /) -> None:
        """Let partitions go to another member."""


def detector_app(settings: Settings, detector: Step) -> faust.App:
    """Blocks of rows to findings; state in pages."""
    return _flow("ringfence.detector", "ringfence.rows", settings, detector, tick_s=0.5, waiting=16)


def decider_app(settings: Settings, decider: Step) -> faust.App:
    """Findings, one after the other, to commands and incidents; one partition, so one decider."""
    return _flow("ringfence.decider", "ringfence.findings", settings, decider, tick_s=1.0, waiting=1_000)


def _flow(name: str, topic: str, settings: Settings, step: Step, tick_s: float, waiting: int) -> faust.App:
    app = new_app(name, settings, waiting, step.heartbeat)
    records = app.topic(topic, **RAW)

    @app.agent(records, concurrency=1)
    async def take(stream: Any) -> None:
        async with supervised(step.heartbeat):
            async for event in stream.noack().events():
                await step.take(event)

    @app.timer(tick_s)
    async def tick() -> None:
        async with supervised(step.heartbeat):
            await step.tick()

    on_revoked(app, step.revoked)
    return app
