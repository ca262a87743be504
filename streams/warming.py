"""Compiling before the first call: every kernel of the detector runs once on a leak from its beginning to its end.

tests/streams/test_warming.py finds kernels that this leaves out.
"""

from decimal import Decimal

import models.rows
import models.windows.hours
import models.windows.table
from models.forest.witness import warm
from models.records import decode
from models.rows import rows_of
from models.tables import ShortCode, Tables, TariffRow
from streams import blocks
from streams.assembly import detector_of
from streams.model_files import forest_or_none
from streams.settings import Settings

COVERS = (blocks.Cover("warm:", "", 0, 1, 0),)
TABLES = Tables(short_codes=(ShortCode("333", "warm"),), tariff=(TariffRow("+33", Decimal(1), "EUR"),))
"""By these the free calls of the story are a leak."""
TS, STEP_MS = 1_795_467_960_281, 20_000
"""When the first event is, and how long after it the next: a minute has several."""
PAID, FREE = 1, 0
STORY = (
    [(kind, call, PAID, f"+331{call}3456789") for call in range(4) for kind in ("attempt", "answer")]
    + [("attempt", call, FREE, f"+333{call}3456789") for call in range(2, 9)]
    + [("attempt", call, FREE, f"+336{call}3456789") for call in range(2, 7)]
    + [("attempt", call, PAID, f"+333{call}456789") for call in range(20, 24)]
    + [("attempt", call, FREE, f"+333{call}456789") for call in range(30, 36)]
    + [("release", call, PAID, f"+333{call}456789") for call in (31, 35)]
)
"""Event, call, rate, called number: a habit, a leak, free calls beside it, its end; another, and charges after all."""
PIECES = (1, 5)
"""Rows of a block: a column of one row is contiguous, and kernels are compiled for that apart."""


def warm_detector(settings: Settings) -> None:
    """Compile, or load from the cache, what a detector runs."""
    import numpy as np  # noqa: PLC0415 - with the models

    for module in (models.rows, models.windows.table, models.windows.hours):
        module.warm()
    if (forest := forest_or_none(settings)) is not None:
        warm(forest)
    lines = [_event(nth, *told) for nth, told in enumerate(STORY)]
    for size in PIECES:
        detector = detector_of(settings, TABLES, settings.windows.keys_max)  # room for one key: its windows are crowded
        detector.source("warm:")
        for begin in range(0, len(lines), size):
            decoded, zeros = decode(lines[begin : begin + size]), np.zeros(size, np.int64)
            made, _ = rows_of(decoded, settings.numbering(), TABLES, zeros.astype(np.int32), zeros)
            share = blocks.decode(blocks.encode(COVERS, made)).share
            _, judged = detector.apply(share, "warm", 0, begin)
            detector.admission.load(detector.admission.fingerprints(share.outline, judged))
            for route in detector.routes.values():
                route.load(route.snapshot())  # as after a restart; answered minutes are summed up now, and merged later


def _event(nth: int, kind: str, call: int, price: int, called: str) -> bytes:
    """One event of a call that lasts ten seconds."""
    told = f'"charge":"{price}","duration_s":10' if kind == "release" else f'"rate":"{price}"'
    return (
        f'{{"event":"{kind}","call_id":"{call}","ts":{TS + nth * STEP_MS},"caller":"+99900000{call:04}",'
        f'"account":"{call}","called":"{called}","switch":"s","currency":"EUR",{told}}}'
    ).encode()
