"""The cache of jars: verified always, fetched when missing or broken, never seen half written."""

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from streams.broker.jars import install, unwritable, verified
from streams.broker.lock import Jar
from streams.errors import DependencyError

CONTENT = {f"g:jar{number}:1": b"PK" + bytes([number]) * 100 for number in range(5)}
JARS = tuple(Jar(name, sha256(data).hexdigest(), len(data)) for name, data in CONTENT.items())


class Repository:
    """A Maven repository in memory that counts what is fetched."""

    def __init__(self, content: dict[str, bytes] = CONTENT) -> None:
        self.content = content
        self.fetched: list[str] = []

    def fetch(self, jar: Jar, directory: Path) -> Path:
        self.fetched.append(jar.coordinate)
        path = directory / jar.filename
        path.write_bytes(self.content[jar.coordinate])
        return path


def no_network(jar: Jar, directory: Path) -> Path:
    raise AssertionError(f"{jar.filename} is fetched into {directory}")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)


def test_the_first_install_fetches_everything_and_the_second_nothing(tmp_path: Path) -> None:
    repository = Repository()
    paths = install(JARS, tmp_path, repository.fetch)
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert sorted(repository.fetched) == sorted(CONTENT)
    assert install(JARS, tmp_path, no_network) == paths


@pytest.mark.parametrize("damage", [Path.unlink, truncate, flip_a_bit], ids=lambda damage: damage.__name__)
def test_only_a_damaged_jar_is_fetched_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    paths = install(JARS, tmp_path, Repository().fetch)
    damage(paths[3])
    repository = Repository()
    install(JARS, tmp_path, repository.fetch)
    assert repository.fetched == [JARS[3].coordinate]
    assert all(map(verified, JARS, paths))


def test_a_jar_that_is_not_the_pinned_one_never_enters_the_cache(tmp_path: Path) -> None:
    forged = Repository(CONTENT | {"g:jar2:1": b"PK" + b"!" * 100})
    with pytest.raises(DependencyError, match=r"jar2-1\.jar as fetched is not the pinned jar"):
        install(JARS, tmp_path, forged.fetch)
    assert not (tmp_path / "jar2-1.jar").exists()


def test_nothing_is_left_of_a_fetch_that_failed(tmp_path: Path) -> None:
    def broken(jar: Jar, directory: Path) -> Path:
        (directory / jar.filename).write_bytes(b"PK")
        raise DependencyError("no network")

    with pytest.raises(DependencyError, match="no network"):
        install(JARS, tmp_path, broken)
    assert list(tmp_path.iterdir()) == []


def test_what_a_resolver_itself_does_wrong_is_one_line_too(tmp_path: Path) -> None:
    def faulty(_jar: Jar, _directory: Path) -> Path:
        raise KeyError("metadata")

    with pytest.raises(DependencyError, match=r"cannot fetch jar\d-1\.jar: 'metadata'"):
        install(JARS, tmp_path, faulty)


def test_two_installs_at_once_both_succeed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: install(JARS, tmp_path, Repository().fetch), range(2)))
    assert both[0] == both[1]
    assert all(map(verified, JARS, both[0]))


def test_progress_counts_jars_and_is_silent_where_all_are_there(tmp_path: Path) -> None:
    install(JARS[:2], tmp_path, Repository().fetch)
    told: list[tuple[int, int]] = []
    install(JARS, tmp_path, Repository().fetch, lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (3, 5), (4, 5), (5, 5)]
    install(JARS, tmp_path, no_network, lambda done, total: told.append((done, total)))
    assert len(told) == 4


def test_a_cache_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DependencyError, match=r"cannot write the jars of Kafka: .*file/jars: Not a directory"):
        install(JARS, tmp_path / "file" / "jars", Repository().fetch)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left"), "the disk of d is full; make room"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "the disk of d is full; make room"),
        (
            PermissionError(errno.EACCES, "Permission denied", "d/x"),
            "d/x: Permission denied; make it writable",
        ),
    ],
)
def test_a_directory_that_cannot_be_written_says_why(error: OSError, expected: str) -> None:
    assert unwritable(Path("d"), error).startswith(expected)
