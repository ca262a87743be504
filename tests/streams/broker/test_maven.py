"""Fetching through jgo: from the user's own Maven repository, and not at all without a network."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from jgo.util import http

from streams.broker.lock import Jar
from streams.broker.maven import fetch
from streams.errors import DependencyError

JAR = Jar("org.example:thing:1.0", "0" * 64, 3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that no configuration of jgo or Maven is read."""
    for name in ("JGO_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    return tmp_path


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], requests.Response]) -> list[str]:
    asked: list[str] = []

    def get(url: str, **_options: object) -> requests.Response:
        asked.append(url)
        return answer(url)

    monkeypatch.setattr(http, "get", get)
    return asked


def unreachable(_url: str) -> requests.Response:
    raise requests.ConnectionError("HTTPSConnectionPool(...): retries exceeded") from OSError("no such host")


def missing(_url: str) -> requests.Response:
    response = requests.Response()
    response.status_code = 404
    return response


def test_without_a_network_the_error_names_the_jar_the_cause_and_the_ways_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, unreachable)
    with pytest.raises(DependencyError) as caught:
        fetch(JAR, home / "scratch")
    assert str(caught.value) == (
        "cannot fetch thing-1.0.jar: the Maven repository is out of reach (no such host);"
        " the first start of Kafka needs the network, or KAFKA_HOME = an unpacked Kafka"
    )


def test_a_jar_that_no_repository_has_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, missing)
    with pytest.raises(DependencyError, match=r"no Maven repository has org\.example:thing:1\.0"):
        fetch(JAR, home / "scratch")


def test_a_mirror_of_the_users_is_asked_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".config").mkdir()
    (home / ".config" / "jgo.conf").write_text("[repositories]\nmirror = http://mirror.invalid/maven\n")
    asked = answering(monkeypatch, missing)
    with pytest.raises(DependencyError):
        fetch(JAR, home / "scratch")
    assert asked[0] == "http://mirror.invalid/maven/org/example/thing/1.0/thing-1.0.jar"
    assert len(asked) == 2


def test_a_jar_in_the_users_own_repository_is_not_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = home / "m2" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"jar")
    asked = answering(monkeypatch, missing)
    assert fetch(JAR, home / "scratch").read_bytes() == b"jar"
    assert asked == []
