"""A data directory is configured and formatted; the format tool runs once, copies have ids of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.broker.runtime import Runtime
from streams.broker.storage import configure, prepare, random_id
from streams.errors import DependencyError

MakeRuntime = Callable[..., Runtime]


def settings(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_the_settings_name_the_ports_and_only_the_loopback(tmp_path: Path) -> None:
    configure(tmp_path, 1111, 2222)
    found = settings((tmp_path / "server.properties").read_text())
    assert found["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert found["controller.quorum.voters"] == "1@127.0.0.1:2222"
    assert found["auto.create.topics.enable"] == "false"
    assert not [value for value in found.values() if "$" in value]
    assert "fileName = broker.log" in (tmp_path / "log4j2.properties").read_text()


def test_the_format_tool_runs_once_and_every_copy_has_ids_of_its_own(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    runtime, metas = fake_runtime(), []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        prepare(tmp_path / name, runtime)
        assert (tmp_path / name / "log" / "bootstrap.checkpoint").read_bytes() == b"features"
        metas.append(settings((tmp_path / name / "log" / "meta.properties").read_text()))
    assert (tmp_path / "formats").read_text() == "once\n"
    assert metas[0]["version"] == "1"
    ids = {meta[name] for meta in metas for name in ("cluster.id", "directory.id")}
    assert len(ids) == 4
    assert "old" not in ids


def test_a_formatted_directory_stays_as_it_is(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    runtime = fake_runtime()
    prepare(tmp_path, runtime)
    before = (tmp_path / "log" / "meta.properties").read_text()
    prepare(tmp_path, runtime)
    assert (tmp_path / "log" / "meta.properties").read_text() == before


def test_a_tool_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path, fake_runtime: MakeRuntime) -> None:
    runtime = fake_runtime()
    runtime.java.program.write_text("#!/bin/sh\necho first\necho the disk is made of cheese >&2\nexit 1\n")
    with pytest.raises(DependencyError, match="format tool failed: the disk is made of cheese"):
        prepare(tmp_path, runtime)
    assert not (tmp_path / "log").exists()
    assert list((runtime.cache / "formatted").iterdir()) == []


def test_a_random_id_is_one_that_kafka_takes() -> None:
    for _ in range(200):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", random_id())
