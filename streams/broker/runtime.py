"""What a broker is run with: a Java, Kafka's jars, and the cache of what is known about the two together."""

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from streams.broker import java, maven
from streams.broker.jars import Progress, install, silent
from streams.broker.java import Java
from streams.broker.lock import pinned
from streams.errors import UsageError

_QUIET = {
    23: ("--sun-misc-unsafe-memory-access=allow",),  # JEP 471, 498: Kafka and its libraries still use it
    24: ("--enable-native-access=ALL-UNNAMED",),  # JEP 472: zstd and snappy are native
}
"""Since which Java which flag keeps warnings out of the console log."""


class Runtime(NamedTuple):
    """A Java, the jars in the order of the class path, and the directory where we may keep things."""

    java: Java
    jars: tuple[Path, ...]
    cache: Path

    @property
    def key(self) -> str:
        """A name for just this Java with just these files: what was made with others is not for them."""
        seen = [f"{self.java.program.resolve()} {self.java.major}"]
        seen += [f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in self.jars]
        return sha256("\n".join(seen).encode()).hexdigest()[:16]

    def command(self, main: str, *arguments: str, flags: Sequence[str] = ()) -> list[str]:
        """The command line that runs one of Kafka's classes."""
        quiet = [flag for since, names in _QUIET.items() if self.java.major >= since for flag in names]
        classpath = os.pathsep.join(map(str, self.jars))
        return [str(self.java.program), *quiet, *flags, "-cp", classpath, main, *arguments]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Java of ours: UTF-8 file names in every locale, and no flags from elsewhere."""
    foreign = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "KAFKA_OPTS"}
    return {name: value for name, value in environ.items() if name not in foreign} | {"LC_ALL": "C.UTF-8"}


def find(environ: Mapping[str, str], cache: Path | None = None, progress: Progress = silent) -> Runtime:
    """See that all is there to run Kafka: the first time this fetches 45 MB.

    Args:
        environ: JAVA_HOME, PATH, and KAFKA_HOME for a Kafka distribution instead of the pinned jars.
        cache: where jars are kept; by default the user's cache directory.
        progress: told of every jar while some are fetched.

    Raises:
        DependencyError: no fitting Java, a jar cannot be fetched, or the cache cannot be written.
        UsageError: KAFKA_HOME is no Kafka.
    """
    cache = cache or user_cache_path("ringfence")
    found = java.find(environ)
    if home := environ.get("KAFKA_HOME"):
        return Runtime(found, distribution(Path(home)), cache)
    return Runtime(found, install(pinned(), cache / "jars", maven.fetch, progress), cache)


def distribution(home: Path) -> tuple[Path, ...]:
    """The jars of an unpacked Kafka distribution.

    Raises:
        UsageError: there are none of the broker's.
    """
    jars = tuple(sorted(home.absolute().glob("libs/*.jar")))
    if not any(jar.name.startswith("kafka_2.") for jar in jars):
        raise UsageError(f"KAFKA_HOME: {home} holds no libs/kafka_2.*.jar; correct it, or unset it")
    return jars
