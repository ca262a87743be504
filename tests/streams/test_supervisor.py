"""The supervisor, with real processes that do what a role may do: work, hang, die, refuse to end."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import psutil
import pytest
import structlog

from streams import child as child_module
from streams.child import Child
from streams.errors import UsageError
from streams.health import Health, exposition, serve
from streams.heartbeat import Heartbeat
from streams.roles import chosen
from streams.settings import Service
from streams.supervisor import _until

FAKE = Path(__file__).with_name("fake_role.py")
ROOT = Path(__file__).parents[2]


def child(behaviour: str, *arguments: object, watchdog_s: float = 30.0) -> Child:
    command = [sys.executable, str(FAKE), behaviour, *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return Child(behaviour, command, environ, watchdog_s)


@contextlib.asynccontextmanager
async def kept(one: Child) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.keep())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def reasons():
    """The reasons with which processes ended, as logged."""
    with structlog.testing.capture_logs() as entries:
        yield lambda: [entry["reason"] for entry in entries if entry["event"] == "process ended"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_a_role_that_works_becomes_ready_and_is_left_alone():
    async def story():
        one = child("well")
        assert not one.health.ready
        async with kept(one):
            await until(lambda: one.health.ready)
        assert one.health == Health("well", False, 0, 0)

    asyncio.run(story())


def test_a_role_that_dies_is_started_anew_and_the_reason_is_logged(tmp_path, reasons):
    async def story():
        one = child("once", tmp_path / "mark")
        async with kept(one):
            await until(lambda: one.health.ready)
        assert one.health.restarts == 1

    asyncio.run(story())
    assert reasons() == ["killed by SIGKILL"]


@pytest.mark.parametrize("turns", [1, 3, 6, 12, 24])
def test_a_stop_in_the_middle_of_a_start_leaves_no_process_behind(turns, tmp_path):
    before = set(psutil.Process().children())

    async def story():
        task = asyncio.create_task(child("well", "-", tmp_path / "pid").keep())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert set(psutil.Process().children()) == before

    asyncio.run(story())


def test_last_words_are_the_reason(reasons):
    async def story():
        async with kept(child("dies")):
            await until(reasons)

    asyncio.run(story())
    assert reasons()[0] == "ValueError: it broke (roles/fake.py:7)"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("stuck", "no progress for 1 s with 5 records waiting"), ("silent", "no report for 1 s")],
)
def test_a_role_that_hangs_is_killed_and_started_anew(behaviour, reason, reasons):
    async def story():
        one = child(behaviour, watchdog_s=0.7)
        async with kept(one):
            await until(lambda: one.health.restarts)

    asyncio.run(story())
    assert reasons()[0] == reason


def test_a_configuration_that_is_wrong_stops_the_whole_service_with_its_line():
    async def story():
        well = child("well")
        with pytest.raises(UsageError, match=r"^ringfence\.toml: \[policy\] mode: no$"):
            await _until(asyncio.Event(), [well, child("misconfigured")])
        assert not well.health.ready

    asyncio.run(story())


def test_a_configuration_that_went_wrong_while_the_service_ran_stops_nothing_but_its_role(tmp_path, reasons):
    async def story():
        one = child("edited", tmp_path)
        async with kept(one):
            await until(lambda: one.health.ready and one.health.restarts == 2)

    asyncio.run(story())
    assert reasons() == ["killed by SIGKILL", "ringfence.toml: [policy] mode: no"]


def test_a_role_that_ignores_sigterm_is_killed_when_its_time_is_over(monkeypatch):
    assert child_module.FAREWELL_S < 10, "the whole service ends within 10 s"
    monkeypatch.setattr(child_module, "FAREWELL_S", 0.2)

    async def story():
        stop, one = asyncio.Event(), child("deaf")
        service = asyncio.create_task(_until(stop, [one]))
        await until(lambda: one.health.ready)
        started_s = time.monotonic()
        stop.set()
        await service
        assert 0.2 < time.monotonic() - started_s < 5

    asyncio.run(story())


def test_a_role_ends_when_its_supervisor_is_killed(tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        "import asyncio, os, sys\nfrom streams.child import Child\n"
        f"command = [sys.executable, {str(FAKE)!r}, 'well', '-', {str(pid_file)!r}]\n"
        "asyncio.run(Child('well', command, os.environ, 30.0).keep())\n"
    )

    async def story():
        supervisor = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path
        )
        await until(lambda: pid_file.exists() and pid_file.read_text())
        role = int(pid_file.read_text())
        assert alive(role)
        supervisor.kill()
        await supervisor.wait()
        await until(lambda: not alive(role))

    asyncio.run(story())


def test_a_process_without_a_supervisor_beats_for_nobody():
    heartbeat = Heartbeat.from_env({})
    heartbeat.beat(True, 1, 1)
    assert not heartbeat.last_words("none")


def test_reports_are_rare_unless_readiness_or_remark_changes():
    read, write = os.pipe()
    heartbeat = Heartbeat(write)
    for moved in range(100):
        heartbeat.beat(False, moved, 0)
    heartbeat.beat(True, 100, 0)
    heartbeat.beat(True, 100, 0, "short.csv:3: code: no")
    os.close(write)
    with os.fdopen(read) as reports:
        assert len(reports.readlines()) == 3


async def answers(service: Service, healths: list[Health], path: str) -> tuple[int, str]:
    async with (
        serve(service, lambda: healths, lambda: b"numbers") as address,
        aiohttp.ClientSession() as session,
        session.get(f"http://{address}{path}") as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("path", "ready", "status", "body"),
    [
        ("/livez", False, 200, '{"live": true}'),
        ("/metrics", True, 200, "numbers"),
    ],
)
def test_health_over_http_lives_and_counts(path, ready, status, body):
    healths = [Health("intake", True, 0, 0), Health("decider", ready, 3, 1)]
    assert asyncio.run(answers(Service(port=0), healths, path)) == (status, body)


@pytest.mark.parametrize(("ready", "status", "waiting"), [(False, 503, ["decider"]), (True, 200, [])])
def test_readiness_names_every_process_and_what_a_person_should_know(ready, status, waiting):
    healths = [Health("intake", True, 0, 0), Health("decider", ready, 3, 1, "short.csv:3: code: no")]
    code, body = asyncio.run(answers(Service(port=0), healths, "/readyz"))
    assert code == status
    assert json.loads(body) == {
        "ready": ready,
        "not_ready": waiting,
        "processes": [
            {"name": "intake", "ready": True, "lag": 0, "restarts": 0, "remark": ""},
            {"name": "decider", "ready": ready, "lag": 3, "restarts": 1, "remark": "short.csv:3: code: no"},
        ],
    }


def test_a_taken_port_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = Service(port=taken.getsockname()[1])
        with pytest.raises(UsageError, match=rf"^\[service\] port = {service.port}: cannot listen"):
            asyncio.run(answers(service, [], "/livez"))


def test_metrics_of_dead_and_living_processes_are_added_up(tmp_path):
    code = "from streams import metrics; metrics.EVENTS_READ.inc(21)"

    async def count() -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ)
        assert await process.wait() == 0

    asyncio.run(count())
    asyncio.run(count())
    page = exposition(lambda: [Health("intake", True, 7, 2)], tmp_path)().decode()
    assert "ringfence_events_read_total 42.0" in page
    assert 'ringfence_process_lag{process="intake"} 7.0' in page
    assert 'ringfence_restarts_total{process="intake"} 2.0' in page


@pytest.mark.parametrize(
    ("names", "instances", "counts"),
    [
        ([], [], {"intake": 1, "detector": 1, "decider": 1}),
        (["detector"], [], {"detector": 1}),
        ([], ["detector=2"], {"intake": 1, "detector": 2, "decider": 1}),
    ],
)
def test_all_roles_run_or_those_named(names, instances, counts):
    assert chosen(names, instances) == counts


@pytest.mark.parametrize(
    ("names", "instances", "message"),
    [
        (["detectr"], [], "unknown role detectr: did you mean detector?"),
        ([], ["detector"], "--instances detector: write ROLE=COUNT"),
        ([], ["detector=0"], "write ROLE=COUNT with a count from 1 to 64"),
        (["intake"], ["decider=2"], "decider is not among the roles to run"),
    ],
)
def test_roles_that_are_none_are_refused(names, instances, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        chosen(names, instances)


def test_the_service_ends_well_on_sigterm(tmp_path):
    code = (
        "import sys\nfrom streams import logs\nfrom streams.settings import Service\n"
        "from streams.supervisor import run\n"
        "service = Service(port=0, log_format='json')\nlogs.setup(service)\n"
        f"run({{'well': 2}}, service, lambda role: [sys.executable, {str(FAKE)!r}, role])\n"
    )

    async def story() -> bytes:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        service = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=environ, stderr=asyncio.subprocess.PIPE
        )
        assert service.stderr is not None
        log = b""
        while log.count(b"process started") < 2:
            log += await service.stderr.readline()
        service.send_signal(signal.SIGTERM)
        rest = await service.stderr.read()
        assert await service.wait() == 0
        return log + rest

    log = asyncio.run(story())
    assert b"serving" in log
    assert b'"well-2"' in log
    assert log.splitlines()[-1].find(b"stopped") > 0
