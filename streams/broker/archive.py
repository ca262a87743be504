"""The start-up archive: Kafka's classes, loaded and linked once, for this Java and these jars.

A broker is ready after 2.7 s without one; with one after 1.0 s (Java 25: ahead-of-time cache, JEP 483
and 514) or 1.6 s (Java 17: class data sharing, JEP 350). It is 50 to 70 MB, takes some seconds to make, and
is made by `ringfence kafka install` only. The JVM itself checks that it fits, and does without one that does
not.
"""

from pathlib import Path

from streams.broker.runtime import Runtime

AHEAD_OF_TIME = 25
"""The Java from which one flag makes an ahead-of-time cache (JEP 514)."""
KEPT = 3
"""Archives that stay: a machine may have more than one Java, or more than one installation of ours."""


def path_of(runtime: Runtime) -> Path:
    """Where the archive of this runtime is kept, made or not."""
    suffix = "aot" if runtime.java.major >= AHEAD_OF_TIME else "jsa"
    return runtime.cache / "startup" / f"{runtime.key}.{suffix}"


def flags_to_use(runtime: Runtime) -> list[str]:
    """The JVM's flags that start with the archive; none where it has not been made."""
    path = path_of(runtime)
    if not path.exists():
        return []
    flag = "-XX:AOTCache" if runtime.java.major >= AHEAD_OF_TIME else "-XX:SharedArchiveFile"
    return [f"{flag}={path}"]


def flags_to_make(runtime: Runtime, target: Path) -> list[str]:
    """The JVM's flags that write an archive when the broker stops."""
    flag = "-XX:AOTCacheOutput" if runtime.java.major >= AHEAD_OF_TIME else "-XX:ArchiveClassesAtExit"
    return [f"{flag}={target}"]


def forget_old(runtime: Runtime) -> None:
    """Remove all but the newest few: those of a Java or of jars that have changed are never used again."""
    found = [path for path in path_of(runtime).parent.glob("*.*") if path.is_file()]
    for path in sorted(found, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        path.unlink(missing_ok=True)
