"""From record bytes to rows in one step: plain events by the scanner, everything odd by the typed decoder."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import models.rows
from models.numbers import Network
from models.payers import Counted
from models.rejects import Reject
from models.row_table import Rows
from models.scan.batch import Records, batch_of, joined_records, records_of
from models.scan.build import Rules, rows_of_plain
from models.scan.layout import RECORD, Ints
from models.scan.odd import merged, typed
from models.tables import Tables
from models.underpriced import NO_FLOORS, Floors


def scan_rows(
    values: Sequence[bytes | None],
    append_ms: Sequence[int] | None,
    network: Network,
    tables: Tables,
    source: npt.NDArray[np.int32],
    offset: Ints,
    payer: Counted = "account",
    floors: Floors = NO_FLOORS,
) -> tuple[Rows, list[Reject]]:
    """Return a row for every good event of a batch of records, and why the others are refused.

    It is what `models.records.decode` and then `models.rows.rows_of` give, in all columns and names; their rejects are
    in one list, ordered by (record, index).

    Args:
        values: the records' bytes; None is a record without a value.
        append_ms: when each was appended, as of `decode`; None switches the check of `ts` against it off.
        network: what its numbers look like.
        tables: the operator's; what is free on purpose is looked up.
        source: int32[records], where each record came from, 0 and more.
        offset: int64[records], and its offset there.
        payer: who is counted where an event names an account and a caller.
        floors: below which a price is absurd.
    """
    appended = None if append_ms is None else np.array(append_ms, np.int64)
    records = records_of(joined_records(values), values.__getitem__, appended, source, offset)
    return rows_of_records(records, Rules(network, tables, payer, floors))


def rows_of_records(records: Records, rules: Rules) -> tuple[Rows, list[Reject]]:
    """Return the same as `scan_rows`, of records that are in one text already."""
    batch = batch_of(records)
    rows = rows_of_plain(batch, records, rules) if batch.columns.ts.size else Rows.empty()
    if not batch.odd.size:
        return rows, []
    odd = typed(batch, records, rules)
    return (merged(rows, batch.columns.places[RECORD], odd) if len(odd.rows) else rows), odd.rejects


def warm() -> None:
    """Compile every kernel between bytes and rows, or load it, before the first batch needs it."""
    models.rows.warm()
    plain = b'{"event":"attempt","call_id":"a","ts":1795467960281,"caller":"","called":"1","plan":"a"}'
    odd = plain.replace(b'"a"', rb'"\u0061"')
    one = np.zeros(2, np.int64)
    scan_rows([plain, odd], None, Network(home_country_code="1"), Tables(), one.astype(np.int32), one)
