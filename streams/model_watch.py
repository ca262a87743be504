"""The forest in force while a role runs: a new model is taken up, of a refused one the last good model stays.

No thread: the role asks between two batches, and decides when what it was told takes effect.
"""

import time
from collections.abc import Callable
from pathlib import Path

from models.forest.artifact import ModelError
from models.forest.witness import Forest, warm
from streams import logs, metrics
from streams.errors import UsageError
from streams.model_files import load, manifest_path
from streams.settings import Settings

LOOK_S = 2.0
"""How often the files are looked at; a change that has rested for one look is read."""

log = logs.get(__name__)
Stamps = tuple[tuple[str, int, int, int], ...]


class ModelWatch:
    """The forest in force, as of the last call of `changed`.

    Args:
        settings: they name the model; without one nothing is looked at.
        forest: as the role has read it at its start.
        clock: seconds, for the pace of looking.
    """

    def __init__(self, settings: Settings, forest: Forest | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.forest = forest
        self.remark = ""
        """What is wrong with the files, empty while they are the model in force."""
        self._path = settings.detection.models
        self._clock = clock
        self._stamps: Stamps | None = None
        self._unread = True
        self._next_s = 0.0

    def changed(self) -> Forest | None:
        """Look at the files, at most every two seconds; gives the new forest once, when it is verified.

        It is in `forest` from then on. Files are read when they have rested: one that is being written is left alone.
        """
        now_s = self._clock()
        if self._path is None or now_s < self._next_s:
            return None
        self._next_s = now_s + LOOK_S
        stamps = _stamps(manifest_path(self._path))
        if stamps != self._stamps:
            self._stamps, self._unread = stamps, True
            return None
        if not self._unread:
            return None
        self._unread = False
        return self._read(self._path)

    def _read(self, path: Path) -> Forest | None:
        try:
            loaded = load(path)
        except (ModelError, UsageError) as error:
            self._complain(str(error))
            return None
        self._complain("")
        if self.forest is not None and loaded.name == self.forest.name:
            return None
        self.forest = Forest(loaded)
        warm(self.forest)
        log.info("model taken up", model=self.forest.name, kinds=", ".join(self.forest.kinds))
        return self.forest

    def _complain(self, remark: str) -> None:
        if remark == self.remark:
            return
        if remark:
            stays = f"{self.forest.name} stays in force" if self.forest else "the rules work alone"
            log.error(f"the model is refused, {stays}", reason=remark)
        else:
            log.info("the model is good again")
        self.remark = remark
        metrics.MODEL_REFUSED.set(bool(remark))


def _stamps(manifest: Path) -> Stamps:
    """What tells manifest and arrays from their former selves without reading them."""
    try:
        files = sorted([manifest, *manifest.parent.glob("forest-*.npz")])
        return tuple(_stamp(file) for file in files)
    except OSError:
        return ()


def _stamp(file: Path) -> tuple[str, int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return file.name, 0, 0, 0
    return file.name, status.st_mtime_ns, status.st_size, status.st_ino
