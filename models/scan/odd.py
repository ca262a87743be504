"""Odd pieces of records: read by the typed decoder, and their rows put among those of plain events."""

from typing import NamedTuple

import numpy as np

from models.columns import running_high
from models.records import Decoded, decode
from models.rejects import Reject
from models.row_table import COLUMNS, NAMED, Rows, rows_from
from models.rows import rows_of
from models.scan.batch import Batch, Records
from models.scan.build import Rules
from models.scan.layout import INDEX, RECORD, WHOLE, Ints
from models.scan.names import renumbered


class Typed(NamedTuple):
    """What the typed decoder made of a batch's odd pieces.

    Attributes:
        rows: ordered by (record, index).
        record: int64[rows], of the batch.
        rejects: ordered by (record, index).
    """

    rows: Rows
    record: Ints
    rejects: list[Reject]


def typed(batch: Batch, records: Records, rules: Rules) -> Typed:
    """Return what the typed decoder makes of the odd pieces."""
    piece_record, piece_index = batch.odd[RECORD], batch.odd[INDEX]
    decoded = _decoded(batch, records)
    # each piece is a source of its own, so that its rows can be told
    source = np.arange(piece_record.size, dtype=np.int32)
    rows, bad = Rows.empty(), list[Reject]()
    if decoded.events:
        offset = records.offset[piece_record]
        rows, bad = rows_of(decoded, rules.network, rules.tables, source, offset, rules.payer, rules.floors)
    record, index = piece_record[rows.source], piece_index[rows.source]
    columns = {column: getattr(rows, column) for column in COLUMNS}
    columns |= {"source": records.source[record], "index": np.where(index == WHOLE, rows.index, index)}
    rejects = [_placed(reject, batch.odd) for reject in [*decoded.rejects, *bad]]
    rejects.sort(key=lambda reject: (reject.record, reject.index))
    return Typed(rows_from(columns, rows.names), record, rejects)


def _decoded(batch: Batch, records: Records) -> Decoded:
    """Decode the odd pieces, each a record: the whole one, or one odd event in an array of its own."""
    pieces = [
        records.value(record) if index == WHOLE else b"[%b]" % batch.text[start:end].tobytes()
        for record, index, start, end in batch.odd.T.tolist()
    ]
    append_ms = records.append_ms
    return decode(pieces, None if append_ms is None else append_ms[batch.odd[RECORD]].tolist())


def _placed(reject: Reject, odd: Ints) -> Reject:
    """Return a piece's reject as its record's."""
    record, index = int(odd[RECORD, reject.record]), int(odd[INDEX, reject.record])
    return Reject(record, reject.index if index == WHOLE else index, reject.reason, reject.detail, reject.value)


def merged(plain: Rows, record: Ints, odd: Typed) -> Rows:
    """Return the rows of plain events and odd ones in order; `record` is int64[rows], of the plain ones."""
    rows = Rows.concat([plain, odd.rows])
    rows = rows.take(np.lexsort((rows.index, np.concatenate([record, odd.record]))))
    columns = {column: getattr(rows, column) for column in COLUMNS}
    codes, used = renumbered(np.stack([columns[column] for column in NAMED]), len(rows.names))
    columns |= dict(zip(NAMED, codes, strict=True)) | {"high": running_high(rows.source, rows.when)}
    return rows_from(columns, tuple(rows.names[code] for code in used.tolist()))
