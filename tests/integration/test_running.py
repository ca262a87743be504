"""A service that runs: it follows the operator's tables, and `status`, `doctor` and `watch` tell how it is."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from models.prices import Price
from streams import blocks
from streams.broker import Broker
from streams.checks.running import ask
from streams.clock_skew import skew_ms
from streams.demo.configuration import furnish
from streams.reading import to_the_end
from streams.settings import Settings, load
from streams.topics import create
from tests.integration.test_service import BEGIN_MS, RINGFENCE, end_of, everything, incident, produce, ringfence

TABLES = {"short_codes": "code,name\n333,voicemail\n", "free_prefixes": "prefix,reason\n"}


class Running:
    """A service with a directory of its own; `settings` have the port that it was given."""

    def __init__(self, home: Path, settings: Settings, pid: int) -> None:
        self.home = home
        self.settings = settings
        self.pid = pid

    def remarks(self) -> list[str]:
        answer = ask(self.settings.service)
        return [process["remark"] for process in answer["processes"]] if answer else ["no answer"]

    def kill_roles(self) -> None:
        """Kill all roles, and wait until they have been started anew and are ready."""
        starts = self.starts()
        for role in psutil.Process(self.pid).children():
            role.kill()
        until(lambda: self.starts() >= starts + 3, 30)
        until(lambda: (ask(self.settings.service) or {"ready": False})["ready"], 90)

    def starts(self) -> int:
        return sum(entry["event"] == "process started" for entry in logged(self.home))

    def verb(self, *arguments: str) -> subprocess.CompletedProcess:
        environ = {**os.environ, "RINGFENCE_SERVICE__PORT": str(self.settings.service.port)}
        command = [*RINGFENCE, *arguments]
        return subprocess.run(
            command, cwd=self.home, env=environ, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("running")
    with Broker(ephemeral=True) as broker:
        settings = furnish(home, broker.bootstrap_servers, TABLES, {"kafka": {"event_partitions": 1}})
        ringfence(home, "keys", "new", "det-1", "--role", "decider", "--dir", str(home / "keys"))
        create(settings)
        with (home / "run.log").open("wb") as log:
            process = subprocess.Popen([*RINGFENCE, "run"], cwd=home, stdout=log, stderr=log)
        try:
            yield Running(home, _settings(home), process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert b"\x1b" not in (home / "run.log").read_bytes()


def _settings(home: Path) -> Settings:
    """The service's settings, once all roles are ready."""
    settings = load(home / "ringfence.toml")
    until(lambda: any(entry["event"] == "serving" for entry in logged(home)), 60)
    port = next(entry["http"] for entry in logged(home) if entry["event"] == "serving").rpartition(":")[2]
    settings = settings.model_copy(update={"service": settings.service.model_copy(update={"port": int(port)})})
    until(lambda: (ask(settings.service) or {"ready": False})["ready"], 90)
    return settings


def logged(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "run.log").read_text().splitlines() if line.startswith("{")]


def until(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_status_and_doctor_know_how_it_is(running):
    done = running.verb("status")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()][1:6] == [
        ["intake", "ready"],
        ["detector", "ready"],
        ["decider", "ready"],
        ["kafka", "ok"],
        ["topics", "ok"],
    ]
    until(lambda: skew_ms(running.settings) is not None)
    document = json.loads(running.verb("doctor", "--json").stdout)
    assert document["ok"], document
    levels = {check["subject"]: check["level"] for check in document["checks"]}
    assert any("clocks agree" in check["says"] for check in document["checks"])
    assert levels["service"] == levels["topics"] == levels["tables"] == "ok"


def test_a_free_list_that_changes_prices_the_next_calls(running):
    first = end_of(running.home, "signalling.events")
    produce(running.home, [free_call("a")])
    until(lambda: prices(running, first).get(first) == Price.FREE)
    (running.home / "free_prefixes.csv").write_text("prefix,reason\n+3935,a gift\n")
    until(lambda: sum(entry["event"] == "tables taken up" for entry in logged(running.home)) >= 2)
    produce(running.home, [free_call("b")])
    until(lambda: prices(running, first).get(first + 1) == Price.DECLARED)


def free_call(call_id: str) -> bytes:
    """A free call to Italy, before the incident: no time of later events is ahead of it."""
    event = {
        "event": "attempt",
        "call_id": call_id,
        "ts": BEGIN_MS,
        "caller": "",
        "called": "+39351234567",
        "rate": "0",
    }
    return json.dumps(event).encode()


def prices(running: Running, first: int) -> dict[int, int]:
    """The price class of the rows of each source offset."""
    found: dict[int, int] = {}
    for message in rows(running):
        followed = blocks.decode(message.value()).share.rows
        found |= dict(zip(followed.offset.tolist(), followed.price.tolist(), strict=True))
    return {offset: price for offset, price in found.items() if offset >= first}


def rows(running: Running) -> Iterator[Any]:
    for partition in range(4):
        yield from to_the_end(running.settings, "ringfence.rows", partition)


def test_a_broken_row_is_named_and_mended(running):
    (running.home / "short_codes.csv").write_text("code,name\n333,voicemail\n33x,\n")
    until(lambda: sum("short_codes.csv" in remark for remark in running.remarks()) >= 2)
    (error,) = {entry["reason"] for entry in logged(running.home) if entry["event"].startswith("a table is broken")}
    assert "short_codes.csv" in error
    assert "code" in error
    done = running.verb("status")
    assert done.returncode == 1
    assert error in done.stdout
    running.kill_roles()
    until(lambda: sum("short_codes.csv" in remark for remark in running.remarks()) >= 2, 60)
    (running.home / "short_codes.csv").write_text(TABLES["short_codes"])
    until(lambda: not any(running.remarks()))
    assert any(entry["event"] == "the tables are good again" for entry in logged(running.home))


def test_a_command_is_watched_as_it_comes(running):
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    watching = [*RINGFENCE, "watch", "--json"]
    with subprocess.Popen(watching, cwd=running.home, env=environ, stdout=subprocess.PIPE) as process:
        try:
            produce(running.home, [line.encode() for line in incident()])
            everything(running.home, "fraud.control", bool)
            assert process.stdout is not None
            lines = iter(lambda: json.loads(process.stdout.readline()), None)
            told = next(line for line in lines if line["topic"] == "fraud.control")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(10) == 0
            finally:
                process.kill()  # it would be waited for without end
    assert told["signed"] is True
    assert told["key"].startswith("prefix:+33")
    shown = running.verb("status", "--json")
    assert [incident["target"]["scope"] for incident in json.loads(shown.stdout)["incidents"]] == ["prefix"]
    metrics = _metrics(running)
    for name in ("produce_to_command_milliseconds_count", "event_age_seconds", "checkpoints_total", "lag_records"):
        assert f"ringfence_{name}" in metrics
    assert 'ringfence_last_progress_timestamp_seconds{role="intake"}' in metrics


def _metrics(running: Running) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{running.settings.service.port}/metrics") as page:
        return page.read().decode()
