"""The supervisor's HTTP: `/livez`, `/readyz` and `/metrics`."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from streams.errors import UsageError
from streams.settings import Service


class Health(NamedTuple):
    """How one process is: `name` is the role, and its number where there are several.

    `lag` are the records that wait for it, `restarts` its starts after the first, `remark` what a person should know.
    """

    name: str
    ready: bool
    lag: int
    restarts: int
    remark: str = ""


class _Processes(Collector):
    """The supervisor's own numbers, asked anew at every scrape."""

    def __init__(self, healths: Callable[[], Iterable[Health]]) -> None:
        self._healths = healths

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        ready = GaugeMetricFamily("ringfence_ready", "1 where a process does its work.", labels=["process"])
        lag = GaugeMetricFamily("ringfence_process_lag", "Records that wait for it.", labels=["process"])
        restarts = CounterMetricFamily("ringfence_restarts", "Starts after the first.", labels=["process"])
        for health in self._healths():
            ready.add_metric([health.name], float(health.ready))
            lag.add_metric([health.name], health.lag)
            restarts.add_metric([health.name], health.restarts)
        yield from (ready, lag, restarts)


def exposition(healths: Callable[[], Iterable[Health]], directory: Path) -> Callable[[], bytes]:
    """What `/metrics` answers: the numbers of all processes, added up from `directory`, and our own."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call] # the library's
    registry.register(_Processes(healths))
    return lambda: generate_latest(registry)


@asynccontextmanager
async def serve(
    service: Service, healths: Callable[[], Iterable[Health]], metrics: Callable[[], bytes]
) -> AsyncIterator[str]:
    """Answer on `service.host` and `port` (0: any free one); gives `host:port` as bound.

    Raises:
        UsageError: the port is taken or the host is not ours.
    """
    app = web.Application()
    app.add_routes(_routes(healths, metrics))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        yield await _bound(runner, service)
    finally:
        await runner.cleanup()


async def _bound(runner: web.AppRunner, service: Service) -> str:
    try:
        await web.TCPSite(runner, service.host, service.port).start()
    except OSError as error:
        raise UsageError(
            f"[service] port = {service.port}: cannot listen on {service.host}: {error.strerror or error}"
            " (another ringfence? set another port, or 0 for any)"
        ) from None
    host, port = runner.addresses[0][:2]
    return f"{host}:{port}"


def _routes(healths: Callable[[], Iterable[Health]], metrics: Callable[[], bytes]) -> list[web.RouteDef]:
    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def readyz(_: web.Request) -> web.Response:
        processes = list(healths())
        waiting = [health.name for health in processes if not health.ready]
        body = {"ready": not waiting, "not_ready": waiting, "processes": [health._asdict() for health in processes]}
        return web.json_response(body, status=503 if waiting else 200)

    async def metrics_page(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics_page)]
