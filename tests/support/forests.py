"""Small models for tests: trained on made-up moments, and changed as somebody might change them."""

import functools
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np

from models.features import KINDS
from models.forest import arrays_file
from models.forest.artifact import Artifact, Loaded, packed, unpacked
from models.forest.model import Model, trained
from models.forest.sampling import Sampler
from tests.support.moments import joined, moments

TREES = 8


@functools.cache
def models(seed: int = 1, budget: float = 50.0) -> tuple[Model, ...]:
    """One of each kind."""
    sampler = Sampler(seed)
    sampler.take(joined(*(moments(kind, 1_500, keys=40) for kind in KINDS.values())))
    return tuple(trained(entity, pool, seed, budget, TREES) for entity, pool in sampler.pools.items())


@functools.cache
def artifact(seed: int = 1) -> Artifact:
    """Their bytes."""
    return packed(models(seed), seed)


def loaded(seed: int = 1) -> Loaded:
    """And what comes of them."""
    return unpacked(artifact(seed))


def changed(
    manifest: Callable[[dict[str, Any]], Any] = lambda _: None,
    arrays: Callable[[dict[str, Any]], Any] = lambda _: None,
) -> Artifact:
    """An artifact whose manifest (as JSON), or arrays, were changed by somebody who also mends the hash."""
    told = msgspec.json.decode(artifact().manifest)
    columns = {name: column.copy() for name, column in _columns().items()}
    arrays(columns)
    data = arrays_file.written(columns)
    digest = sha256(data).hexdigest()
    told["arrays"] = {"file": f"forest-{digest[:16]}.npz", "sha256": digest, "bytes": len(data)}
    manifest(told)
    return Artifact(msgspec.json.encode(told), data)


def _columns() -> Mapping[str, Any]:
    dtypes = {"root": np.int32, "feature": np.int16, "threshold": np.float32, "left": np.int32, "path": np.float64}
    return {
        f"{model.entity}.{name}": np.asarray(getattr(model.trees, name), dtype)
        for model in models()
        for name, dtype in dtypes.items()
    }
