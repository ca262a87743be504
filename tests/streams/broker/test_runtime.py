"""How a Java of ours is called, KAFKA_HOME, the key that tells runtimes apart, and the start-up archive."""

import os
from pathlib import Path

import pytest

from streams.broker import archive
from streams.broker.java import Java
from streams.broker.runtime import Runtime, distribution, environment
from streams.errors import UsageError


def runtime(tmp_path: Path, major: int = 17, jars: tuple[Path, ...] = ()) -> Runtime:
    return Runtime(Java(tmp_path / "java", major), jars, tmp_path)


@pytest.mark.parametrize(
    ("major", "quiet"),
    [
        (17, []),
        (23, ["--sun-misc-unsafe-memory-access=allow"]),
        (25, ["--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"]),
    ],
)
def test_a_command_names_flags_jars_class_and_arguments(tmp_path: Path, major: int, quiet: list[str]) -> None:
    made = runtime(tmp_path, major, (Path("/a.jar"), Path("/b.jar")))
    command = made.command("kafka.Kafka", "server.properties", flags=["-Xmx1m"])
    expected = ["-Xmx1m", "-cp", "/a.jar:/b.jar", "kafka.Kafka", "server.properties"]
    assert command == [str(tmp_path / "java"), *quiet, *expected]


def test_flags_from_elsewhere_do_not_reach_our_java() -> None:
    found = environment({"JAVA_TOOL_OPTIONS": "-Xmx1g", "CLASSPATH": "x", "HOME": "/h", "LC_ALL": "C"})
    assert found == {"HOME": "/h", "LC_ALL": "C.UTF-8"}


def test_the_key_changes_with_the_java_and_with_any_jar(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"1")
    keys = [runtime(tmp_path).key, runtime(tmp_path, 21).key, runtime(tmp_path, jars=(jar,)).key]
    jar.write_bytes(b"12")
    keys.append(runtime(tmp_path, jars=(jar,)).key)
    os.utime(jar, (1, 1))
    keys.append(runtime(tmp_path, jars=(jar,)).key)
    assert len(set(keys)) == 5
    assert keys[-1] == runtime(tmp_path, jars=(jar,)).key


def test_a_distribution_is_taken_whole(tmp_path: Path) -> None:
    (tmp_path / "libs").mkdir()
    for name in ("kafka_2.13-4.1.0.jar", "a.jar", "a.jar.asc"):
        (tmp_path / "libs" / name).touch()
    assert [jar.name for jar in distribution(tmp_path)] == ["a.jar", "kafka_2.13-4.1.0.jar"]


def test_a_directory_without_kafka_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"KAFKA_HOME: .* holds no libs/kafka_2"):
        distribution(tmp_path)


@pytest.mark.parametrize(
    ("major", "make", "use", "suffix"),
    [
        (17, "-XX:ArchiveClassesAtExit", "-XX:SharedArchiveFile", "jsa"),
        (24, "-XX:ArchiveClassesAtExit", "-XX:SharedArchiveFile", "jsa"),
        (25, "-XX:AOTCacheOutput", "-XX:AOTCache", "aot"),
    ],
)
def test_an_archive_is_used_once_it_is_made(tmp_path: Path, major: int, make: str, use: str, suffix: str) -> None:
    made = runtime(tmp_path, major)
    path = archive.path_of(made)
    assert path.suffix == f".{suffix}"
    assert archive.flags_to_make(made, Path("/x")) == [f"{make}=/x"]
    assert archive.flags_to_use(made) == []
    path.parent.mkdir()
    path.touch()
    assert archive.flags_to_use(made) == [f"{use}={path}"]


def test_the_oldest_archives_are_forgotten(tmp_path: Path) -> None:
    directory = archive.path_of(runtime(tmp_path)).parent
    directory.mkdir()
    for age, name in enumerate(["new.aot", "b.jsa", "c.jsa", "d.aot", "old.jsa"]):
        (directory / name).touch()
        os.utime(directory / name, (1000 - age, 1000 - age))
    archive.forget_old(runtime(tmp_path))
    assert sorted(path.name for path in directory.iterdir()) == ["b.jsa", "c.jsa", "new.aot"]
