"""The second witness of the demo: an isolation forest, trained on the quiet morning before the service starts."""

from collections.abc import Sequence

import numpy as np

from models.forest.artifact import packed, unpacked
from models.forest.model import lacking, trained
from models.forest.sampling import Sampler
from streams.model_files import write
from streams.recorded import Batch
from streams.settings import Settings
from streams.tables import load_tables
from streams.teaching import Teaching

BATCH = 5_000
BUDGET = 1.0
"""False alarms a day for every 1,000 busy keys: the default of `ringfence train`."""


def learn(settings: Settings, events: Sequence[bytes], seed: int) -> str:
    """Train a model of every kind that there is enough of, where `[detection] models` says; gives it in words."""
    sampler = Sampler(seed)
    teaching = Teaching(settings, load_tables(settings), sampler.take)
    for begin in range(0, len(events), BATCH):
        values = list(events[begin : begin + BATCH])
        many = len(values)
        teaching.feed(Batch(values, ("morning:",), np.zeros(many, np.int32), np.arange(begin, begin + many), many))
    pools = {entity: pool for entity, pool in sampler.pools.items() if not lacking(pool.sample())}
    models = [trained(entity, pool, seed, BUDGET) for entity, pool in pools.items()]
    if not models or settings.detection.models is None:
        return "the morning is too short for an isolation forest: the rules work alone"
    artifact = packed(models, seed)
    write(settings.detection.models, artifact)
    kinds = ", ".join(f"{model.entity} ({model.rows} rows)" for model in models)
    return f"an isolation forest is trained on the morning, {unpacked(artifact).name[:15]}…: {kinds}"
