"""What a broker refuses and how it says so; how it fails is played by a Java that is none."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from streams.broker import Broker, node, ports, process, state
from streams.broker.runtime import Runtime
from streams.errors import DependencyError, UsageError

MakeRuntime = Callable[..., Runtime]
LOG_ERROR = "2026 ERROR Kafka: Exiting\\nCaused by: java.net.BindException: Address already in use\\n"


class Disk(NamedTuple):
    free: int


def test_a_port_that_is_taken_is_wrong_usage(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} of 127\.0\.0\.1 is taken: choose another with --port"):
            Broker(tmp_path / "data", port, runtime=fake_runtime()).start()


def test_data_that_cannot_be_written_is_one_line(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DependencyError, match=r"cannot write Kafka's data: .*/file/data: Not a directory"):
        Broker(tmp_path / "file" / "data", runtime=fake_runtime()).start()


def test_a_disk_that_is_nearly_full_is_said_before(
    tmp_path: Path, fake_runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(node.LEAST_FREE_BYTES - 1))
    with pytest.raises(DependencyError, match=r"the disk of .* is full \(less than 256 MB free\)"):
        Broker(tmp_path / "data", runtime=fake_runtime()).start()


@pytest.mark.parametrize("ephemeral", [False, True])
def test_a_broker_that_dies_while_starting_is_quoted_and_forgotten(
    tmp_path: Path, fake_runtime: MakeRuntime, ephemeral: bool
) -> None:
    dies = fake_runtime("print('Error: no such collector'); sys.exit(1)")
    broker = Broker(tmp_path / "data", ephemeral=ephemeral, runtime=dies)
    with pytest.raises(
        DependencyError, match=r"Kafka died while starting: Error: no such collector \(log: .*broker\.log\)"
    ):
        broker.start()
    assert broker.look() == (None, "it was not started")


def test_the_last_start_is_not_quoted_for_this_one(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    (tmp_path / "data").mkdir()
    old = tmp_path / "data" / process.LOG
    old.write_text("2020 ERROR something else\n")
    os.utime(old, (1, 1))
    with pytest.raises(DependencyError, match="Kafka died while starting: it said nothing"):
        Broker(tmp_path / "data", runtime=fake_runtime("sys.exit(1)")).start()


def test_a_port_lost_to_a_faster_program_is_chosen_anew_some_times(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    count = f"open({str(tmp_path / 'starts')!r}, 'a').write('x')"
    loses = fake_runtime(f"{count}; open('broker.log', 'w').write('{LOG_ERROR}'); sys.exit(1)")
    with pytest.raises(DependencyError, match="Address already in use"):
        Broker(tmp_path / "data", ephemeral=True, runtime=loses).start()
    assert len((tmp_path / "starts").read_text()) == node.ATTEMPTS


def test_the_broker_runs_in_its_own_directory_with_its_mark(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    with pytest.raises(DependencyError):
        Broker(tmp_path / "data", heap_mb=99, runtime=fake_runtime("sys.exit(1)")).start(("-XX:+Flag",))
    arguments = (tmp_path / "data" / "arguments").read_text().splitlines()
    assert {"-Xmx99m", "-XX:+Flag", state.mark(tmp_path / "data")} <= set(arguments)


def test_stale_state_is_no_broker_and_is_cleaned_by_stop(tmp_path: Path) -> None:
    created = psutil.Process().create_time() - 3600
    state.write(tmp_path, state.Running(os.getpid(), created, 1, 2, "127.0.0.1:1"))
    broker = Broker(tmp_path)
    assert broker.look() == (None, f"process {os.getpid()} is another program by now")
    with pytest.raises(DependencyError, match="Kafka is not running"):
        _ = broker.bootstrap_servers
    assert not broker.stop()
    assert broker.look() == (None, "it was not started")


def test_looking_and_stopping_make_no_directory(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    assert broker.status() is None
    assert not broker.stop()
    assert not (tmp_path / "data").exists()


def test_an_ephemeral_broker_of_its_own_takes_its_directory_with_it() -> None:
    broker = Broker(ephemeral=True)
    data = broker.data
    assert data.is_dir()
    broker.stop()
    assert not data.exists()


def test_two_ephemeral_brokers_share_nothing() -> None:
    first, second = Broker(ephemeral=True), Broker(ephemeral=True)
    assert first.data != second.data
    first.stop()
    second.stop()
