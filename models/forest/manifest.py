"""What stands beside a model's arrays: where they come from, what they need, how they are checked; JSON.

The manifest's own hash is the model's name: every command that a model had a part in carries it.
"""

from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from models.features import Entity, features_of

FORMAT: Final = 1
MANIFEST_MAX: Final = 1 << 20
"""Bytes of a manifest; three models with their golden rows take 30 kB."""
ARRAYS_MAX: Final = 128 << 20
"""Bytes of the arrays; three models of 100 trees take some 7 MB, of `TREES_MAX` at most 111 MB."""
TREES_MAX: Final = 1_000
NODES_MAX: Final = 1 << 21
"""Nodes of a model: a tree of 1,024 rows has at most 2,047."""
Count = Annotated[int, Meta(ge=0, le=1 << 53)]
Score = Annotated[float, Meta(gt=0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ManifestError(ValueError):
    """The bytes are no manifest of ours; one line, which names the field."""


class Arrays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of the arrays, in the manifest's directory.

    Attributes:
        file: its name, which begins with its hash, so that files of two models never meet.
        sha256: of its bytes.
        bytes: how many.
    """

    file: Annotated[str, Meta(pattern=r"^forest-[0-9a-f]{16}\.npz$")]
    sha256: Sha256
    bytes: Annotated[int, Meta(ge=0, le=ARRAYS_MAX)]


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature and the version of its formula."""

    name: Annotated[str, Meta(max_length=100)]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point of the curve, as `models.forest.budget.Point`."""

    budget: Annotated[float, Meta(gt=0, le=1000)]
    threshold: Score
    expected: Annotated[float, Meta(gt=0, le=1000)]


class GoldenRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row whose score must come out again."""

    row: Annotated[list[float], Meta(max_length=100)]
    score: Score


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model of one kind of entity; counts and times as in `models.forest.model.Model`.

    Attributes:
        kind: of which entity it is.
        features: columns of its rows, in order.
        trees: how many.
        nodes: of all trees.
        sample: rows that each tree was grown from.
        chosen: the threshold in force.
        curve: what other budgets would give.
        golden: rows and their scores by scikit-learn.
    """

    kind: Entity
    features: Annotated[list[Column], Meta(max_length=100)]
    trees: Annotated[int, Meta(ge=1, le=TREES_MAX)]
    nodes: Annotated[int, Meta(ge=1, le=NODES_MAX)]
    sample: Annotated[int, Meta(ge=2, le=1 << 20)]
    chosen: Threshold
    curve: Annotated[list[Threshold], Meta(min_length=1, max_length=100)]
    golden: Annotated[list[GoldenRow], Meta(min_length=1, max_length=1000)]
    rows: Count
    seen: Count
    keys: Count
    key_days: Count
    first_ms: Count
    last_ms: Count


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it.

    Attributes:
        format: of manifest and arrays.
        seed: of all chance in the training.
        trained_with: scikit-learn's version.
        arrays: the other file.
        models: one for each kind of entity that there was enough of.
    """

    format: int
    seed: Annotated[int, Meta(ge=0, lt=1 << 32)]
    trained_with: Annotated[str, Meta(max_length=100)]
    arrays: Arrays
    models: Annotated[list[Entry], Meta(min_length=1, max_length=3)]


class _Format(msgspec.Struct):
    format: int


def encoded(manifest: Manifest) -> bytes:
    """Return a manifest as JSON for people to read, the same bytes for the same manifest."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decoded(data: bytes) -> Manifest:
    """Return the manifest that `encoded` wrote.

    Raises:
        ManifestError: it is none, of another format, or too large.
    """
    if len(data) > MANIFEST_MAX:
        raise ManifestError(f"manifest: more than {MANIFEST_MAX} bytes")
    try:
        if (found := msgspec.json.decode(data, type=_Format).format) != FORMAT:
            raise ManifestError(f"manifest: format {found}, this version reads {FORMAT} (train it anew)")
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ManifestError(f"manifest: {' '.join(str(error).split())}") from None


def name_of(data: bytes) -> str:
    """Return a model's name, by the bytes of its manifest."""
    return f"sha256:{sha256(data).hexdigest()}"


def columns_of(entity: Entity) -> list[Column]:
    """Return the features that this version computes for an entity."""
    return [Column(feature.name, feature.version) for feature in features_of(entity)]
