"""Compiling before the first call: every kernel of the detector runs once on rows made for that."""

import models.rows
import models.windows.hours
import models.windows.table
from models.records import decode
from models.rows import rows_of
from models.tables import Tables
from streams import blocks
from streams.assembly import detector_of
from streams.settings import Settings

COVERS = (blocks.Cover("warm:", "", 0, 1, 0),)


def warm_detector(settings: Settings, tables: Tables) -> None:
    """Compile, or load from the cache, what a detector runs: three free calls after a paid one."""
    import numpy as np  # noqa: PLC0415 - with the models

    for module in (models.rows, models.windows.table, models.windows.hours):
        module.warm()
    lines = [
        b'{"event":"attempt","call_id":"%d","ts":1795467960281,"caller":"+999000000%d","called":"+888123456%d",'
        b'"rate":"%d","switch":"s"}' % (n, n, n, n == 0)
        for n in range(4)
    ]
    decoded = decode(lines)
    zeros = np.zeros(len(lines), np.int64)
    made, _ = rows_of(decoded, settings.numbering(), tables, zeros.astype(np.int32), zeros)
    rows = blocks.decode(blocks.encode(blocks.Block(COVERS, made))).rows
    detector = detector_of(settings, tables)
    detector.source("warm:")
    _, judged = detector.apply(rows, "warm", 0, None)
    detector.admission.load(detector.admission.fingerprints(rows, judged))
