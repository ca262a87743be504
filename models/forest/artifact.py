"""Models to bytes and back: a manifest and the arrays that it names; what does not match is refused."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import numpy as np

from models.forest import arrays_file, manifest
from models.forest.arrays_file import Array, ArraysError, Shape
from models.forest.checks import doubts
from models.forest.manifest import Arrays, Entry, GoldenRow, Manifest, ManifestError, Threshold, columns_of
from models.forest.model import Model
from models.forest.trees import Trees

COLUMNS: Final = {"root": "<i4", "feature": "<i2", "threshold": "<f4", "left": "<i4", "path": "<f8"}
"""The arrays of a model and their dtypes; in the file they are named `kind.array`."""


class ModelError(ValueError):
    """A model is refused; one line, which says what of it does not match."""


class Artifact(NamedTuple):
    """The two files of a model."""

    manifest: bytes
    arrays: bytes


class Loaded(NamedTuple):
    """A model that was verified: its name, its manifest, and the trees by kind of entity."""

    name: str
    manifest: Manifest
    trees: dict[str, Trees]


def packed(models: Sequence[Model], seed: int) -> Artifact:
    """Return models as bytes, the same for the same models."""
    arrays = {f"{model.entity}.{name}": column for model in models for name, column in _columns(model.trees).items()}
    data = arrays_file.written(arrays)
    digest = sha256(data).hexdigest()
    file = Arrays(f"forest-{digest[:16]}.npz", digest, len(data))
    whole = Manifest(manifest.FORMAT, seed, version("scikit-learn"), file, [_entry(model) for model in models])
    return Artifact(manifest.encoded(whole), data)


def _columns(trees: Trees) -> dict[str, Array]:
    return {name: np.asarray(getattr(trees, name), dtype) for name, dtype in COLUMNS.items()}


def _entry(model: Model) -> Entry:
    told: dict[str, Any] = {name: getattr(model, name) for name in ("rows", "seen", "keys", "key_days")}
    return Entry(
        kind=model.entity,
        features=columns_of(model.entity),
        trees=len(model.trees.root),
        nodes=len(model.trees.left),
        sample=model.trees.sample,
        chosen=Threshold(*model.chosen),
        curve=[Threshold(*point) for point in model.points],
        golden=[GoldenRow(list(golden.row), golden.score) for golden in model.golden],
        first_ms=model.first_ms,
        last_ms=model.last_ms,
        **told,
    )


def manifest_of(data: bytes) -> Manifest:
    """Return a manifest whose arrays are not known yet.

    Raises:
        ModelError: it is refused.
    """
    try:
        return manifest.decoded(data)
    except ManifestError as error:
        raise ModelError(str(error)) from None


def unpacked(artifact: Artifact) -> Loaded:
    """Return a model if everything about it matches.

    Raises:
        ModelError: something does not.
    """
    whole = manifest_of(artifact.manifest)
    digest = sha256(artifact.arrays).hexdigest()
    if digest != whole.arrays.sha256 or len(artifact.arrays) != whole.arrays.bytes:
        raise ModelError(f"arrays: sha256 {digest[:16]}…, the manifest says {whole.arrays.sha256[:16]}…")
    if len({entry.kind for entry in whole.models}) != len(whole.models):
        raise ModelError("manifest: two models of one kind")
    trees = _trees(whole, artifact.arrays)
    for entry in whole.models:
        if said := doubts(entry, trees[entry.kind]):
            raise ModelError(said)
    return Loaded(manifest.name_of(artifact.manifest), whole, trees)


def _trees(whole: Manifest, data: bytes) -> dict[str, Trees]:
    wanted = {f"{entry.kind}.{name}": shape for entry in whole.models for name, shape in _shapes(entry).items()}
    try:
        arrays = arrays_file.read(data, wanted)
    except ArraysError as error:
        raise ModelError(f"arrays: {error}") from None
    return {entry.kind: _of(entry, arrays) for entry in whole.models}


def _shapes(entry: Entry) -> Mapping[str, Shape]:
    return {name: Shape(dtype, entry.trees if name == "root" else entry.nodes) for name, dtype in COLUMNS.items()}


def _of(entry: Entry, arrays: Mapping[str, Array]) -> Trees:
    columns: dict[str, Any] = {name: arrays[f"{entry.kind}.{name}"] for name in COLUMNS}
    return Trees(**columns, sample=entry.sample)
