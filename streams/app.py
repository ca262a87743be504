"""The flow on one screen: two Faust apps between the intake and the enforcers (design, section 2).

    signalling.events -> intake -> ringfence.rows -> detect -> ringfence.findings -> decide -> fraud.control

A Faust message is a block of rows or one finding, never one event. Streams are `noack`: a message is acknowledged,
in order, only when the state that it changed is durable, and a handler that fails ends the process, because Faust
would acknowledge a message whose handler raised.
"""

from typing import TYPE_CHECKING, Any

import faust

from streams.faust_app import RAW, new_app, on_revoked, supervised

if TYPE_CHECKING:
    from streams.decider import DeciderRole
    from streams.detector import DetectorRole
    from streams.settings import Settings


def detector_app(settings: "Settings", detector: "DetectorRole") -> faust.App:
    """Blocks of rows to findings; state in pages."""
    app = new_app("ringfence.detector", settings)
    rows = app.topic("ringfence.rows", **RAW)

    @app.agent(rows, concurrency=1)
    async def detect(blocks: Any) -> None:
        async with supervised(detector.heartbeat):
            async for block in blocks.noack().events():
                await detector.take(block)

    @app.timer(settings.service.checkpoint_ms / 1000)
    async def checkpoint() -> None:
        async with supervised(detector.heartbeat):
            await detector.checkpoint()

    on_revoked(app, detector.revoked)
    return app


def decider_app(settings: "Settings", decider: "DeciderRole") -> faust.App:
    """Findings, one after the other, to commands and incidents; one partition, so one decider."""
    app = new_app("ringfence.decider", settings)
    findings = app.topic("ringfence.findings", **RAW)

    @app.agent(findings, concurrency=1)
    async def decide(log: Any) -> None:
        async with supervised(decider.heartbeat):
            async for finding in log.noack().events():
                await decider.take(finding)

    @app.timer(1.0)
    async def tick() -> None:
        async with supervised(decider.heartbeat):
            await decider.tick()

    on_revoked(app, decider.revoked)
    return app
