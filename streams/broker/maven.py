"""Maven through jgo: one pinned jar fetched, and (for maintainers) all jars resolved anew.

Where Maven Central is, jgo knows; a mirror is named in its own configuration file (`jgo.conf`, section
`[repositories]`). A jar that is in the user's own Maven repository already is not fetched.
"""

from pathlib import Path
from typing import Any

from streams.broker.lock import Jar
from streams.errors import DependencyError

TIMEOUT_S = 30
"""Until a repository begins to answer."""


def _context(directory: Path) -> Any:
    # jgo and requests take 0.2 s to import, and only a first start needs them
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    settings = GlobalSettings.load()
    context = MavenContext(repo_cache=directory, local_repos=[settings.repo_cache], timeout=TIMEOUT_S)
    context.remote_repos = {**settings.repositories, **context.remote_repos}
    return context


def fetch(jar: Jar, directory: Path) -> Path:
    """Fetch a jar; its checksum is the caller's to verify.

    Args:
        jar: what to fetch.
        directory: where to put it, if it comes from afar.

    Returns:
        Where it is.

    Raises:
        DependencyError: no repository can be reached, or none has it.
    """
    from requests import RequestException  # noqa: PLC0415 - see above

    try:
        return Path(_context(directory).create_dependency(jar.coordinate).artifact.resolve())
    except RequestException as error:
        raise DependencyError(
            f"cannot fetch {jar.filename}: the Maven repository is out of reach ({_reason(error)});"
            " the first start of Kafka needs the network, or KAFKA_HOME = an unpacked Kafka"
        ) from None
    except RuntimeError:
        raise DependencyError(f"cannot fetch {jar.filename}: no Maven repository has {jar.coordinate}") from None


def _reason(error: Exception) -> str:
    """The innermost cause: requests wraps it three deep, and its own text is half a page."""
    cause: BaseException = error
    while inner := cause.__cause__ or cause.__context__:
        cause = inner
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return text.splitlines()[0] if text else type(cause).__name__


def resolve(root: str, beside: str, directory: Path) -> list[tuple[str, Path]]:
    """All jars that `root` needs at run time, and one more.

    The one more takes no part in resolving: jgo would let its POM manage the versions of all others.

    Args:
        root: a Maven coordinate, `group:artifact:version`.
        beside: the coordinate of the one jar more.
        directory: where to put jars and POMs.

    Returns:
        Coordinate and file of every jar, sorted.
    """
    context = _context(directory)
    wanted, needed = context.resolver.resolve([context.create_dependency(root)])
    everything = (*wanted, *needed, context.create_dependency(beside))
    found = {f"{d.groupId}:{d.artifactId}:{d.version}": d for d in everything}
    return [(coordinate, Path(found[coordinate].artifact.resolve())) for coordinate in sorted(found)]
