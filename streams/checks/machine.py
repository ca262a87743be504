"""What this machine has: Python, packages, Java and Kafka's jars, and a directory to write to."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from platformdirs import user_cache_path

from streams.broker import jars
from streams.broker.java import find
from streams.broker.lock import pinned
from streams.checks import Level, Line, ok
from streams.errors import RingfenceError, UsageError
from streams.settings import Settings

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.M)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def python(running: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Line]:
    """The interpreter."""
    text = ".".join(map(str, running))
    if running >= (3, 11):
        yield ok("python", f"{text} ({sys.executable})")
    else:
        yield Line(Level.FAIL, "python", f"{text} is too old", "run it with Python 3.11 or newer")


def packages(lock: Path, installed: Callable[[str], str] = version) -> Iterator[Line]:
    """What we need is installed, in the versions that were tested where their list is at hand."""
    tested: dict[str, list[str]] = {}  # one name has several, each for some versions of Python
    for name, pin in _PIN.findall(lock.read_text(encoding="utf-8")) if lock.is_file() else ():
        tested.setdefault(name, []).append(pin)
    missing, others = [], []
    names = _needed()
    for name in names:
        try:
            found = installed(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if found not in tested.get(name, [found]):
            others.append(f"{name} {found} ({' or '.join(tested[name])})")
    if missing:
        yield Line(Level.FAIL, "packages", f"not installed: {', '.join(missing)}", "pip install ringfence again")
    if others:
        says = f"other versions than tested: {', '.join(others)}"
        yield Line(Level.WARN, "packages", says, f"pip install -r {lock.name}")
    if not missing and not others:
        yield ok("packages", f"{len(names)} as {'tested' if tested else 'needed'}")


def _needed() -> list[str]:
    try:
        requires = distribution("ringfence").requires or []
    except PackageNotFoundError:
        raise UsageError("ringfence itself is not installed (pip install it)") from None
    return [found[0] for text in requires if "extra ==" not in text and (found := _NAME.match(text))]


def broker(environ: Mapping[str, str], cache: Path | None = None) -> Iterator[Line]:
    """Java and Kafka's jars: only a broker of one's own has need of them."""
    try:
        found = find(environ)
        yield ok("java", f"{found.major} ({found.program})")
    except RingfenceError as error:
        yield Line(Level.WARN, "java", str(error))
    where = (cache or user_cache_path("ringfence")) / "jars"
    missing = [jar for jar in pinned() if not jars.verified(jar, where / jar.filename)]
    if environ.get("KAFKA_HOME") or not missing:
        yield ok("jars", environ.get("KAFKA_HOME") or f"{len(pinned())} as pinned ({where})")
    else:
        says = f"{len(missing)} of {len(pinned())} are not in {where}"
        yield Line(Level.WARN, "jars", says, "ringfence kafka install (a Kafka elsewhere needs none of them)")


def state(settings: Settings) -> Iterator[Line]:
    """The directory that we write to."""
    where = settings.service.state_dir
    there = next(path for path in (where, *where.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK):
        yield ok("state", str(where))
    else:
        yield Line(Level.FAIL, "state", f"{there} cannot be written", "make it writable, or set [service] state_dir")
