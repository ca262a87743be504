"""The pinned jars of Kafka (`jars.lock`): Maven coordinates, size and SHA-256, one a line."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

LOCK = "jars.lock"
_COORDINATE = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Jar(NamedTuple):
    """One jar as it is pinned: its Maven coordinate `group:artifact:version`, SHA-256 in hex, size in bytes.

    >>> Jar("org.slf4j:slf4j-api:1.7.36", "0" * 64, 41125).filename
    'slf4j-api-1.7.36.jar'
    """

    coordinate: str
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """Its name in a Maven repository and in our cache."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def line(self) -> str:
        """Its line in the lock."""
        return f"{self.coordinate} {self.sha256} {self.size}"


def parse(text: str, file: str = LOCK) -> tuple[Jar, ...]:
    """Read a lock; blank lines and lines that begin with `#` say nothing.

    Raises:
        ValueError: a line that is no jar, or a jar that is there twice.
    """
    jars: dict[str, Jar] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        jar = _jar(line, f"{file}:{number}")
        if jar.filename in jars:
            raise ValueError(f"{file}:{number}: {jar.filename} is pinned twice")
        jars[jar.filename] = jar
    if not jars:
        raise ValueError(f"{file}: no jar is pinned")
    return tuple(jars.values())


def _jar(line: str, where: str) -> Jar:
    fields = line.split()
    if len(fields) != 3:
        raise ValueError(f"{where}: {len(fields)} fields, expected coordinate, SHA-256 and size")
    coordinate, sha256, size = fields
    if not _COORDINATE.fullmatch(coordinate):
        raise ValueError(f"{where}: {coordinate!r} is no group:artifact:version")
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{where}: {sha256!r} is no SHA-256 in hex")
    if not size.isascii() or not size.isdigit():
        raise ValueError(f"{where}: {size!r} is no size in bytes")
    return Jar(coordinate, sha256, int(size))


@cache
def pinned() -> tuple[Jar, ...]:
    """The jars that this version of Ringfence runs."""
    return parse(files(__package__).joinpath(LOCK).read_text("utf-8"))
