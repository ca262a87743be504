"""From decoded events to rows: numbers normalised, names and keys numbered, prices told."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

import models.columns
import models.hashing
import models.judging
import models.numbers
import models.prices
from models.columns import Names, coded, flagged, running_high, seconds
from models.digits import INTERNATIONAL, INVALID, Numbers
from models.events import KINDS, Event, EventKind
from models.hashing import Key, keys_of, mixed
from models.kinds import EVERY
from models.numbers import (
    TYPES,
    Network,
    caller_keys,
    dialled_is_called,
    normalise,
)
from models.payers import Counted, given_keys, payers_from, paying_of
from models.prices import (
    DIGITS_MIN,
    NOT_FINITE,
    RATING,
    Calls,
    Offers,
    Price,
    amounts_of,
    declared_free,
    prices_of,
)
from models.records import Decoded, Fault, times_of
from models.rejects import Reason, Reject
from models.row_table import (
    COLUMNS,
    FLAG_ANSWERED,
    FLAG_ORIGINATING,
    FLAG_REFUSED,
    FLAG_TEST,
    FLAG_UNVERIFIED,
    NAMED,
    Rows,
    rows_from,
)
from models.tables import Tables
from models.underpriced import NO_FLOORS, Floors, underprice

__all__ = [
    "COLUMNS",
    "FLAG_ANSWERED",
    "FLAG_ORIGINATING",
    "FLAG_REFUSED",
    "FLAG_TEST",
    "FLAG_UNVERIFIED",
    "NAMED",
    "Price",
    "Rows",
    "rows_from",
    "rows_of",
    "warm",
]

Times = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[Any]]

_ORIGINATING: Final = (None, "originating")


class _Measures(NamedTuple):
    """What can turn out to be no number when its column is built."""

    called: Numbers
    rate: Times
    setup_fee: Times
    charge: Times


def rows_of(
    decoded: Decoded,
    network: Network,
    tables: Tables,
    source: npt.NDArray[np.int32],
    offset: Times,
    payer: Counted = "account",
    floors: Floors = NO_FLOORS,
) -> tuple[Rows, list[Reject]]:
    """Return a row for every event, and the events whose `called` or amounts are no numbers.

    The same records give the same rows, whatever else is in the batch: only `high`, and the order of
    `names`, are of the batch.

    Args:
        decoded: a batch of records.
        network: what its numbers look like.
        tables: the operator's; what is free on purpose is looked up.
        source: int32[records], where each record came from.
        offset: int64[records], and its offset there.
        payer: who is counted where an event names an account and a caller.
        floors: below which a price is absurd.
    """
    measures = _measure(decoded.events, network)
    if faults := _faults(decoded.events, measures):
        rows, _ = rows_of(decoded.without(faults), network, tables, source, offset, payer, floors)
        return rows, decoded.refused(faults)
    events, names = decoded.events, Names()
    callers = caller_keys([event.caller for event in events], network)
    columns = _clocks(decoded, source) | _named(events, names)
    columns |= {"source": source[decoded.record], "offset": offset[decoded.record], "index": decoded.index}
    columns |= dict(zip(("called", "digits", "reach", "code"), measures.called, strict=True))
    paying = paying_of(events, callers)
    columns |= {"caller": callers, "payer": payers_from(paying, payer), "account": paying.account}
    columns["via"] = np.where(paying.trunk != 0, paying.trunk, given_keys(Key.TRUNK, [event.trunk for event in events]))
    columns["owns"] = np.full(len(events), EVERY, np.uint8)
    columns["call"] = keys_of(Key.CALL, [event.call_id for event in events])
    columns["copy"] = mixed(columns["call"], columns["event"])
    columns["rate"] = np.maximum(measures.rate, -1)
    columns["flags"] = _flags(events, columns["event"], paying.unverified)
    offers = _offers(events, columns, measures, network)
    columns["price"] = prices_of(offers)
    underprice(columns, offers, names, floors)
    declare(columns, names, tables)
    return rows_from(columns, names.texts()), []


def _measure(events: list[Event], network: Network) -> _Measures:
    kinds = coded([event.called_type for event in events], TYPES, len(events))
    return _Measures(
        normalise([event.called for event in events], kinds, network),
        amounts_of([event.rate for event in events]),
        amounts_of([event.setup_fee for event in events]),
        amounts_of([event.charge for event in events]),
    )


def _faults(events: list[Event], measures: _Measures) -> dict[int, Fault]:
    """Return why events are refused, by their position."""
    faults: dict[int, Fault] = {}
    for name in ("charge", "setup_fee", "rate"):
        for position in np.flatnonzero(getattr(measures, name) == NOT_FINITE):
            faults[int(position)] = Reason.BAD_AMOUNT, f"`{name}` is not a finite number below 10^12"
    for position in np.flatnonzero(measures.called.reach == INVALID):
        size = len(events[position].called)
        faults[int(position)] = Reason.BAD_CALLED, f"`called`, {size} characters, is not a number to dial"
    return faults


def _named(events: list[Event], names: Names) -> Columns:
    return {
        "switch": names.codes([event.switch for event in events]),
        "trunk": names.codes([event.trunk for event in events]),
        "plan": names.codes([event.plan for event in events]),
        "currency": names.codes([event.currency for event in events]),
        "rate_key": names.codes([event.rate_key for event in events]),
    }


def _clocks(decoded: Decoded, source: npt.NDArray[np.int32]) -> Columns:
    events, record = decoded.events, decoded.record
    event = coded([event.event for event in events], KINDS, len(events))
    lasted_s = seconds([event.duration_s for event in events])
    return clocks_of(event, times_of(events), lasted_s, decoded.latest[record], source[record])


def clocks_of(
    event: npt.NDArray[np.uint8],
    ts: Times,
    lasted_s: npt.NDArray[np.float64],
    latest: Times,
    source: npt.NDArray[np.int32],
) -> Columns:
    """Return what happened, when and how long; no event shows a time that had not come when its record was appended.

    Args:
        event: `EventKind` of each.
        ts: event time, ms.
        lasted_s: answered seconds, 0 where none are told.
        latest: the latest time (ms) that the event's record may show.
        source: where each came from.
    """
    length = np.rint(lasted_s * 1000).astype(np.int64)
    when = np.minimum(np.where(event == EventKind.CDR, ts + length, ts), latest)
    start = np.where(event == EventKind.RELEASE, ts - length, ts)
    answered = np.where((event == EventKind.CDR) | (event == EventKind.RELEASE), length, 0)
    high = running_high(source, when)
    return {"event": event, "ts": ts, "when": when, "start": start, "high": high, "duration": answered}


def _flags(events: list[Event], event: npt.NDArray[np.uint8], unverified: Mask) -> npt.NDArray[np.uint8]:
    return flags_of(
        event,
        originating=flagged([event.direction in _ORIGINATING for event in events]),
        test=flagged([event.test for event in events]),
        refused=flagged([event.refused_by for event in events]),
        talked=flagged([event.duration_s for event in events]),
        unverified=unverified,
    )


def flags_of(
    event: npt.NDArray[np.uint8], *, originating: Mask, test: Mask, refused: Mask, talked: Mask, unverified: Mask
) -> npt.NDArray[np.uint8]:
    """Return the `FLAG_*` of every event; `talked` where it has a duration above 0."""
    answered = (event == EventKind.ANSWER) | (talked & (event == EventKind.CDR))
    flags = (
        originating * np.uint8(FLAG_ORIGINATING)
        + test * np.uint8(FLAG_TEST)
        + refused * np.uint8(FLAG_REFUSED)
        + answered * np.uint8(FLAG_ANSWERED)
        + unverified * np.uint8(FLAG_UNVERIFIED)
    )
    return np.asarray(flags, np.uint8)


def _offers(events: list[Event], columns: Columns, measures: _Measures, network: Network) -> Offers:
    status = coded([event.rating_status for event in events], RATING, len(events))
    return Offers(
        columns["event"],
        relevant(columns) & _as_dialled(events, measures.called, network),
        status,
        measures.rate,
        measures.setup_fee,
        measures.charge,
        seconds([event.duration_s for event in events]),
        seconds([event.free_s for event in events]),
    )


def relevant(columns: Columns) -> Mask:
    """Say which events are evidence about the price of an international number."""
    own = (columns["flags"] & (FLAG_ORIGINATING | FLAG_TEST | FLAG_REFUSED)) == FLAG_ORIGINATING
    whole = (columns["code"] > 0) & (columns["digits"] >= DIGITS_MIN)
    abroad = columns["reach"] == INTERNATIONAL
    evident: Mask = own & whole & abroad & (columns["event"] != EventKind.ANSWER)
    return evident


def _as_dialled(events: list[Event], called: Numbers, network: Network) -> Mask:
    """Say which calls went where their subscriber dialled, as far as it was reported."""
    dialled = [event.dialled for event in events]
    there = flagged(dialled)
    if not there.any():
        return ~there
    return ~there | dialled_is_called([text or "" for text in dialled], called, network)


def declare(columns: Columns, names: Names, tables: Tables) -> None:
    """Turn free, and as good as free, into declared where the operator's list says so."""
    free = np.flatnonzero((columns["price"] == Price.FREE) | (columns["price"] == Price.UNDERPRICED))
    if free.size and tables.free_prefixes:
        calls = Calls(*(columns[name][free] for name in ("called", "digits", "start", "when", "plan")))
        covered = declared_free(calls, names, tables.free_prefixes)
        columns["price"][free[covered]] = Price.DECLARED


def warm() -> None:
    """Compile every kernel between bytes and rows, or load it, before the first batch needs it."""
    for module in (models.columns, models.hashing, models.judging, models.numbers, models.prices):
        module.warm()
