"""For maintainers: pin Kafka's jars anew, `python -m streams.broker.relock > streams/broker/jars.lock`."""

import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.broker.lock import Jar
from streams.broker.maven import resolve

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
"""Kafka logs through SLF4J 1.7 and brings log4j, but not what ties the two; of log4j-core's version."""
HEADER = f"""\
# The jars of the embedded Kafka: Maven coordinate, SHA-256, size in bytes.
# Written by `python -m streams.broker.relock` for {KAFKA}.
"""


def relock(directory: Path) -> str:
    """Resolve, download and hash all jars; the text of a new lock."""
    found = resolve(KAFKA, LOG_BINDING, directory)
    jars = [Jar(c, sha256(p.read_bytes()).hexdigest(), p.stat().st_size) for c, p in found]
    return HEADER + "".join(jar.line() + "\n" for jar in jars)


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        sys.stdout.write(relock(Path(scratch)))
