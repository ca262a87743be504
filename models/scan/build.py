"""Rows of plain events, column by column, as `models.rows.rows_of` makes them of decoded ones."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.columns import Names, running_high
from models.digits import Numbers, callers, matches, normalised
from models.events import EventKind
from models.hashing import HASHED, Bytes, Key, Keys, Positions, mixed, siphash13
from models.numbers import Network, facts
from models.payers import Counted
from models.prices import Offers, prices_of
from models.row_table import FLAG_ANSWERED, FLAG_ORIGINATING, FLAG_REFUSED, FLAG_TEST, NAMED, Rows, rows_from
from models.rows import _declare, _relevant
from models.scan import layout
from models.scan.batch import Batch, Records
from models.scan.layout import Ints
from models.scan.names import numbered
from models.scan.words import ATTESTED, ELSEWHERE
from models.tables import Tables

Mask = npt.NDArray[np.bool_]
Small = npt.NDArray[np.uint8]
Named = dict[str, npt.NDArray[Any]]

_ANSWER, _RELEASE, _CDR = int(EventKind.ANSWER), int(EventKind.RELEASE), int(EventKind.CDR)


class Rules(NamedTuple):
    """What the operator says.

    Attributes:
        network: what its numbers look like.
        tables: what is free on purpose is looked up in them.
        payer: who is counted where an event names an account and a caller.
    """

    network: Network
    tables: Tables
    payer: Counted


def rows_of_plain(batch: Batch, records: Records, rules: Rules) -> Rows:
    """Return a row for each plain event."""
    record, index = batch.columns.places
    called = normalised(*_texts(batch, layout.CALLED), _codes(batch, layout.CALLED_TYPE), facts(rules.network))
    caller = callers(*_texts(batch, layout.CALLER), facts(rules.network))
    columns = _clocks(batch, records.latest[record])
    columns |= {"source": records.source[record], "offset": records.offset[record], "index": np.maximum(index, 0)}
    columns["high"] = running_high(columns["source"], columns["when"])
    columns |= dict(zip(("called", "digits", "reach", "code"), called, strict=True))
    columns |= {"caller": caller, "payer": _payers(batch, caller, rules.payer)}
    columns["call"] = _keys(batch, layout.CALL_ID, Key.CALL)
    columns["copy"] = mixed(columns["call"], columns["event"])
    columns["rate"] = np.maximum(batch.columns.amounts[0], -1)
    columns["flags"] = _flags(batch)
    columns["price"] = _prices(batch, columns, called, rules.network)
    codes, names = _named(batch)
    columns |= codes
    _declare(columns, names, rules.tables)
    return rows_from(columns, names.texts())


def _texts(batch: Batch, field: int) -> tuple[Bytes, Positions, Positions]:
    return batch.text, batch.columns.starts[field], batch.columns.ends[field]


def _codes(batch: Batch, field: int) -> Small:
    codes: Small = batch.columns.codes[field - layout.EVENT]
    return codes


def _given(batch: Batch, field: int) -> Mask:
    """Say where a text is given and not empty."""
    given: Mask = batch.columns.ends[field] > batch.columns.starts[field]
    return given


def _keys(batch: Batch, field: int, kind: Key) -> Keys:
    return siphash13(*_texts(batch, field), int(kind)) | HASHED


def _clocks(batch: Batch, latest: Ints) -> Named:
    """Return what happened and when; no event shows a time that had not come when its record was appended."""
    event, ts = _codes(batch, layout.EVENT), batch.columns.ts
    length = np.rint(batch.columns.seconds[0] * 1000).astype(np.int64)
    when = np.minimum(np.where(event == _CDR, ts + length, ts), latest)
    start = np.where(event == _RELEASE, ts - length, ts)
    return {"event": event.copy(), "ts": ts.copy(), "when": when, "start": start}


def _flags(batch: Batch) -> Small:
    event, talked = _codes(batch, layout.EVENT), batch.columns.seconds[0] > 0
    answered = (event == _ANSWER) | (talked & (event == _CDR))
    flags = (
        (_codes(batch, layout.DIRECTION) != ELSEWHERE) * np.uint8(FLAG_ORIGINATING)
        + _codes(batch, layout.TEST) * np.uint8(FLAG_TEST)
        + _given(batch, layout.REFUSED_BY) * np.uint8(FLAG_REFUSED)
        + answered * np.uint8(FLAG_ANSWERED)
    )
    return np.asarray(flags, np.uint8)


def _payers(batch: Batch, callers: Keys, counted: Counted) -> Keys:
    """Return who pays, as `models.payers.payers_of` does."""
    has_account, has_trunk = _given(batch, layout.ACCOUNT), _given(batch, layout.TRUNK_IN)
    account, trunk = _keys(batch, layout.ACCOUNT, Key.ACCOUNT), np.zeros_like(callers)
    if has_trunk.any():
        trunk = np.where(has_trunk, _keys(batch, layout.TRUNK_IN, Key.TRUNK), trunk)
    caller = np.where(callers != 0, mixed(callers, int(Key.CALLER)), np.uint64(0))
    foreign = has_trunk & ~has_account & (_codes(batch, layout.ATTESTATION) != ATTESTED)
    if counted == "account":
        return np.where(has_account, account, np.where(foreign, trunk, caller))
    known = np.where(callers != 0, caller, np.where(has_account, account, trunk))
    return np.where(foreign, trunk, known)


def _prices(batch: Batch, columns: Named, called: Numbers, network: Network) -> Small:
    there = matches(*_texts(batch, layout.DIALLED), called.digits, called.length, facts(network))
    relevant = _relevant(columns) & (there | ~_given(batch, layout.DIALLED))
    status = _codes(batch, layout.RATING_STATUS)
    return prices_of(Offers(columns["event"], relevant, status, *batch.columns.amounts, *batch.columns.seconds))


def _named(batch: Batch) -> tuple[Named, Names]:
    """Return the columns of names' codes, and the names."""
    texts = slice(layout.SWITCH, layout.SWITCH + len(NAMED))
    starts, ends = np.ascontiguousarray(batch.columns.starts[texts]), np.ascontiguousarray(batch.columns.ends[texts])
    codes, places = numbered(batch.text, starts, ends)
    names = Names()
    names.codes([batch.text[start:end].tobytes().decode() for start, end in places.tolist()])
    return dict(zip(NAMED, codes, strict=True)), names
