"""The cache of Kafka's jars: verified at every start, and fetched (again) where a file is not as pinned."""

import errno
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.broker.lock import Jar
from streams.errors import DependencyError, RingfenceError

Fetch = Callable[[Jar, Path], Path]
"""Fetches a jar, if need be into the directory, and says where it is."""
Progress = Callable[[int, int], None]
"""Is told how many jars of how many are there."""
AT_ONCE = 8
"""Downloads side by side: most of a small jar's time is the way there and back."""


def silent(_done: int, _total: int) -> None:
    """The progress that nobody sees."""


def verified(jar: Jar, path: Path) -> bool:
    """Whether a file is the pinned jar: by its size first, then by its SHA-256."""
    try:
        if path.stat().st_size != jar.size:
            return False
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == jar.sha256
    except OSError:  # not there, or not to be read
        return False


def install(jars: Sequence[Jar], cache: Path, fetch: Fetch, progress: Progress = silent) -> tuple[Path, ...]:
    """See that all jars are in the cache as pinned; needs no network where they are.

    Two processes may do it at once: a file appears under its name only when it is whole and verified.

    Args:
        jars: what is wanted.
        cache: where they are kept; made if it is not there.
        fetch: how a missing one is got.
        progress: told of every jar while some are fetched.

    Returns:
        The files, in the order of `jars`.

    Raises:
        DependencyError: a jar cannot be fetched, is not the pinned one, or the cache cannot be written.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        good = pool.map(lambda jar: verified(jar, cache / jar.filename), jars)
        missing = [jar for jar, is_good in zip(jars, good, strict=True) if not is_good]
    if missing:
        try:
            _fill(missing, cache, fetch, lambda done: progress(len(jars) - len(missing) + done, len(jars)))
        except OSError as error:
            raise DependencyError(f"cannot write the jars of Kafka: {unwritable(cache, error)}") from None
    return tuple(cache / jar.filename for jar in jars)


def _fill(missing: Sequence[Jar], cache: Path, fetch: Fetch, fetched: Callable[[int], None]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    fetched(0)
    with TemporaryDirectory(dir=cache, prefix="fetching-") as scratch, ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(_fetch_one, jar, cache, Path(scratch), fetch) for jar in missing]
        try:
            for done, future in enumerate(as_completed(waiting), 1):
                future.result()
                fetched(done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(jar: Jar, cache: Path, scratch: Path, fetch: Fetch) -> None:
    """Fetch, verify, then move into the cache in one step."""
    try:
        found = fetch(jar, scratch)
    except (RingfenceError, OSError):
        raise
    except Exception as error:  # the resolver's own faults have no common class
        raise DependencyError(f"cannot fetch {jar.filename}: {error}") from error
    if not verified(jar, found):
        raise DependencyError(
            f"{jar.filename} as fetched is not the pinned jar (SHA-256 differs): something between here and"
            " the Maven repository changes files"
        )
    ready = scratch / f"ready-{jar.filename}"
    shutil.copyfile(found, ready)
    ready.replace(cache / jar.filename)


def unwritable(directory: Path, error: OSError) -> str:
    """Say why a directory (or the file that the error names) cannot be written, for a person."""
    where = error.filename or directory
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk of {where} is full; make room"
    return f"{where}: {error.strerror or error}; make it writable, or choose another"
