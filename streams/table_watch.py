"""The tables in force while a role runs: a changed file is taken up, of a broken one the last good table stays.

No thread: the role asks between two batches, and decides when what it was told takes effect. The last good tables
of a service are kept in a file of its supervisor's, so that a role which is started anew has them, too.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from models.tables import Tables
from streams import logs, metrics
from streams.errors import UsageError
from streams.settings import Settings
from streams.tables import parse, paths, read

LOOK_S = 0.5
"""How often the files are looked at; a change that has rested for one look is read."""
SURE_S = 2.0
"""A file that was written this lately may be written again without another time stamp: some count in 2 s steps."""

KEPT = "RINGFENCE_TABLES_KEPT"
"""Environment of a role: the file of its service's last good tables."""

log = logs.get(__name__)


def tables_at_start(settings: Settings, environ: Mapping[str, str] = os.environ) -> Tables:
    """The tables for a role that starts: the files', or the last good ones where those broke while the service ran.

    Raises:
        UsageError: a file is broken, and the service has not had good ones.
    """
    try:
        contents = read(settings)
        tables = parse(settings, contents)
    except UsageError:
        kept = _kept(environ)
        if kept is None:
            raise
        return parse(settings, {name: kept[name] for name in paths(settings) if name in kept})
    _keep(contents, environ)
    return tables


def _keep(contents: Mapping[str, bytes], environ: Mapping[str, str]) -> None:
    """Replace what is kept in one step: another role may read it, or write the same, at this moment."""
    if where := environ.get(KEPT):
        new = Path(f"{where}.{os.getpid()}")
        new.write_bytes(msgspec.msgpack.encode(contents))
        new.replace(where)


def _kept(environ: Mapping[str, str]) -> dict[str, bytes] | None:
    try:
        return msgspec.msgpack.decode(Path(environ[KEPT]).read_bytes(), type=dict[str, bytes])
    except (KeyError, OSError):
        return None


class TableWatch:
    """The tables in force, as of the last call of `changed`.

    Args:
        settings: they name the files.
        tables: as the role has read them at its start.
        clock: seconds, for the pace of looking.
    """

    def __init__(self, settings: Settings, tables: Tables, clock: Callable[[], float] = time.monotonic) -> None:
        self.tables = tables
        self.remark = ""
        """What is wrong with the files, empty while they are the tables in force."""
        self._settings = settings
        self._clock = clock
        self._files = tuple(paths(settings).values())
        self._stamps: tuple[tuple[int, ...], ...] | None = None
        self._contents: dict[str, bytes] = {}
        self._unread = True
        self._next_s = 0.0

    def changed(self) -> Tables | None:
        """Look at the files, at most every half second; gives the new tables once, when they are good.

        They are in `tables` from then on. A file is read when it has rested: one that is being written is left alone.
        """
        now_s = self._clock()
        if now_s < self._next_s:
            return None
        self._next_s = now_s + LOOK_S
        stamps = tuple(map(_stamp, self._files))
        if stamps != self._stamps:
            self._stamps, self._unread = stamps, True
            return None
        if not self._unread:
            return None
        self._unread = any(abs(time.time() - mtime_ns / 1e9) < SURE_S for mtime_ns, *_ in stamps)
        return self._read()

    def _read(self) -> Tables | None:
        try:
            contents = read(self._settings)
            if contents == self._contents and not self.remark:
                return None
            tables = parse(self._settings, contents)
        except UsageError as error:
            self._complain(str(error))
            return None
        self._contents = contents
        _keep(contents, os.environ)
        self._complain("")
        if tables == self.tables:
            return None
        self.tables = tables
        log.info("tables taken up", **{name: len(getattr(tables, name)) for name in contents})
        return tables

    def _complain(self, remark: str) -> None:
        if remark == self.remark:
            return
        if remark:
            log.error("a table is broken, the last good one stays in force", reason=remark)
        else:
            log.info("the tables are good again")
        self.remark = remark
        metrics.TABLES_BROKEN.set(bool(remark))


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells a file from its former self without reading it; zeros where it is not there."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0, 0)
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
