"""All that a first start would wait for, done beforehand: jars, the formatted template, the archive."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.broker import archive
from streams.broker.jars import Progress, silent, unwritable
from streams.broker.node import Broker
from streams.broker.runtime import Runtime, find
from streams.errors import DependencyError


def install(progress: Progress = silent, cache: Path | None = None) -> Runtime:
    """Fetch Kafka and prepare its start; quick where all is there already.

    Args:
        progress: told of every jar while some are fetched.
        cache: where things are kept; by default the user's cache directory.

    Returns:
        What a broker is run with from now on.

    Raises:
        DependencyError: no network, no fitting Java, or the cache cannot be written.
        UsageError: KAFKA_HOME is no Kafka.
    """
    runtime = find(os.environ, cache, progress)
    if not archive.path_of(runtime).exists():
        try:
            _make_archive(runtime)
        except OSError as error:
            raise DependencyError(f"cannot prepare Kafka's start: {unwritable(runtime.cache, error)}") from None
    return runtime


def _make_archive(runtime: Runtime) -> None:
    """Start a broker and stop it again: on its way out the JVM writes down what it had loaded."""
    target = archive.path_of(runtime)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix="making-") as scratch:
        made = Path(scratch) / target.name
        broker = Broker(Path(scratch) / "kafka", ephemeral=True, runtime=runtime)
        broker.start(tuple(archive.flags_to_make(runtime, made)))
        broker.stop()
        if made.exists():  # a JVM built without archives starts without
            made.replace(target)
    archive.forget_old(runtime)
