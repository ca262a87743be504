"""The forest's two files: read within their bounds, verified, and written so that a reader finds a whole model."""

import os
from pathlib import Path

from models.forest.artifact import Artifact, Loaded, ModelError, manifest_of, unpacked
from models.forest.manifest import ARRAYS_MAX, MANIFEST_MAX
from models.forest.witness import Forest
from streams import logs
from streams.errors import UsageError
from streams.settings import Settings

log = logs.get(__name__)
MANIFEST = "forest.json"
"""The manifest in a directory of models; it names the arrays beside it."""


def manifest_path(path: Path) -> Path:
    """The manifest that a directory or a file means."""
    return path / MANIFEST if path.is_dir() else path


def read(path: Path) -> Artifact:
    """Read a model, not yet verified.

    Raises:
        UsageError: there is no such manifest.
        ModelError: a file is too large, or the arrays that it names are not there.
    """
    where = manifest_path(path)
    try:
        manifest = _bounded(where, MANIFEST_MAX)
    except OSError as error:
        raise UsageError(f"{where}: cannot read it: {error.strerror}") from None
    arrays = where.with_name(manifest_of(manifest).arrays.file)
    try:
        return Artifact(manifest, _bounded(arrays, ARRAYS_MAX))
    except OSError as error:
        raise ModelError(f"arrays: cannot read {arrays.name}: {error.strerror}") from None


def _bounded(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ModelError(f"{path.name}: more than {most} bytes")
    return content


def load(path: Path) -> Loaded:
    """Read a model and verify it.

    Raises:
        UsageError: there is no such manifest.
        ModelError: something does not match.
    """
    return unpacked(read(path))


def forest_at_start(settings: Settings) -> Forest | None:
    """The forest that `[detection] models` names; None where none is named: the rules work alone.

    Raises:
        UsageError: it cannot be read, or is refused.
    """
    path = settings.detection.models
    if path is None:
        return None
    try:
        return Forest(load(path))
    except ModelError as error:
        raise UsageError(f"[detection] models: {manifest_path(path)} is refused: {error}") from None
    except UsageError as error:
        raise UsageError(f"[detection] models: {error}") from None


def forest_or_none(settings: Settings) -> Forest | None:
    """The forest of a role that starts: a service protects by its rules while its model is no good, and says so."""
    try:
        return forest_at_start(settings)
    except UsageError as error:
        log.warning("the model is refused, the rules work alone", reason=str(error))
        return None


def write(directory: Path, artifact: Artifact) -> Path:
    """Write a model; the manifest comes last and in one step, the arrays of others stay. Gives the manifest's path.

    Raises:
        UsageError: it cannot be written there.
    """
    arrays = manifest_of(artifact.manifest).arrays.file
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in ((arrays, artifact.arrays), (MANIFEST, artifact.manifest)):
            new = directory / f"{name}.{os.getpid()}"
            new.write_bytes(content)
            new.replace(directory / name)
    except OSError as error:
        raise UsageError(f"{directory}: cannot write there: {error.strerror}") from None
    return directory / MANIFEST
