"""Rows of plain events, column by column, as `models.rows.rows_of` makes them of decoded ones."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.columns import Names
from models.digits import Numbers, callers, matches, normalised
from models.hashing import HASHED, Bytes, Key, Keys, Positions, mixed, siphash13
from models.kinds import EVERY
from models.numbers import Network, facts
from models.payers import Counted, Paying, payers_from
from models.prices import Offers, prices_of
from models.row_table import NAMED, Rows, rows_from
from models.rows import clocks_of, declare, flags_of, relevant
from models.scan import layout
from models.scan.batch import Batch, Records
from models.scan.layout import Ints
from models.scan.names import Codes, numbered
from models.scan.words import ATTESTED, ELSEWHERE
from models.tables import Tables
from models.underpriced import NO_FLOORS, Floors, underprice

Mask = npt.NDArray[np.bool_]
Small = npt.NDArray[np.uint8]
Named = dict[str, npt.NDArray[Any]]

_TRUNK: Final = NAMED.index("trunk")


class Rules(NamedTuple):
    """What the operator says.

    Attributes:
        network: what its numbers look like.
        tables: what is free on purpose is looked up in them.
        payer: who is counted where an event names an account and a caller.
        floors: below which a price is absurd.
    """

    network: Network
    tables: Tables
    payer: Counted
    floors: Floors = NO_FLOORS


def rows_of_plain(batch: Batch, records: Records, rules: Rules) -> Rows:
    """Return a row for each plain event."""
    record, index = batch.columns.places
    called = normalised(*_texts(batch, layout.CALLED), _codes(batch, layout.CALLED_TYPE), facts(rules.network))
    caller = callers(*_texts(batch, layout.CALLER), facts(rules.network))
    columns = _clocks(batch, records.latest[record], records.source[record])
    columns |= {"source": records.source[record], "offset": records.offset[record], "index": np.maximum(index, 0)}
    columns |= dict(zip(("called", "digits", "reach", "code"), called, strict=True))
    paying, (codes, places) = _paying(batch, caller), _named(batch)
    columns |= {"caller": caller, "payer": payers_from(paying, rules.payer), "account": paying.account}
    columns |= {"via": _via(batch, paying.trunk, codes[_TRUNK], places), "owns": np.full(caller.size, EVERY, np.uint8)}
    columns["call"] = _keys(batch, layout.CALL_ID, Key.CALL)
    columns["copy"] = mixed(columns["call"], columns["event"])
    columns["rate"] = np.maximum(batch.columns.amounts[0], -1)
    columns["flags"] = _flags(batch, paying.unverified)
    offers = _offers(batch, columns, called, rules.network)
    columns["price"] = prices_of(offers)
    columns |= dict(zip(NAMED, codes, strict=True))
    names = _names(batch, places)
    underprice(columns, offers, names, rules.floors)
    declare(columns, names, rules.tables)
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


def _clocks(batch: Batch, latest: Ints, source: npt.NDArray[np.int32]) -> Named:
    event, ts = _codes(batch, layout.EVENT).copy(), batch.columns.ts.copy()
    return clocks_of(event, ts, batch.columns.seconds[0], latest, source)


def _flags(batch: Batch, unverified: Mask) -> Small:
    return flags_of(
        _codes(batch, layout.EVENT),
        originating=_codes(batch, layout.DIRECTION) != ELSEWHERE,
        test=_codes(batch, layout.TEST) != 0,
        refused=_given(batch, layout.REFUSED_BY),
        talked=batch.columns.seconds[0] > 0,
        unverified=unverified,
    )


def _given_keys(batch: Batch, field: int, kind: Key) -> Keys:
    """Return a key per text, 0 where none is given."""
    there = _given(batch, field)
    return np.where(there, _keys(batch, field, kind), np.uint64(0)) if there.any() else np.zeros(there.size, np.uint64)


def _paying(batch: Batch, callers: Keys) -> Paying:
    account = _given_keys(batch, layout.ACCOUNT, Key.ACCOUNT)
    trunk = _given_keys(batch, layout.TRUNK_IN, Key.TRUNK)
    return Paying(callers, account, trunk, _codes(batch, layout.ATTESTATION) == ATTESTED)


def _via(batch: Batch, came_in: Keys, trunk: Codes, places: Positions) -> Keys:
    """Return the key of each call's trunk in, else of its trunk out, whose names are hashed once each."""
    starts, ends = np.ascontiguousarray(places.T)
    keys: Keys = siphash13(batch.text, starts, ends, int(Key.TRUNK)) | HASHED
    keys[0] = 0
    return np.where(came_in != 0, came_in, keys[trunk])


def _offers(batch: Batch, columns: Named, called: Numbers, network: Network) -> Offers:
    there = matches(*_texts(batch, layout.DIALLED), called.digits, called.length, facts(network))
    evident = relevant(columns) & (there | ~_given(batch, layout.DIALLED))
    status = _codes(batch, layout.RATING_STATUS)
    return Offers(columns["event"], evident, status, *batch.columns.amounts, *batch.columns.seconds)


def _named(batch: Batch) -> tuple[Codes, Positions]:
    """Return the columns of names' codes, and where the names stand."""
    texts = slice(layout.SWITCH, layout.SWITCH + len(NAMED))
    starts, ends = np.ascontiguousarray(batch.columns.starts[texts]), np.ascontiguousarray(batch.columns.ends[texts])
    found: tuple[Codes, Positions] = numbered(batch.text, starts, ends)
    return found


def _names(batch: Batch, places: Positions) -> Names:
    names = Names()
    names.codes([batch.text[start:end].tobytes().decode() for start, end in places.tolist()])
    return names
