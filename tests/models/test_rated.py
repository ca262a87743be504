"""Rows as the routes take them: what each is used for, and tables in which a calling code's calls stand together."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.admission import COUNTED, DUPLICATE, LATE, TOO_LATE
from models.digits import HOME, INTERNATIONAL, LOCAL
from models.evidence import CALL, DIGITS, PADDED, PRICE, RATE_KEY, ROW, STAGE, SWITCH
from models.history import FINAL, SETUP
from models.name_table import NameTable
from models.prices import Price
from models.rated import ABROAD, ANSWERED, CODE, EVIDENT, FREE_CALLS, NAMES, batch_of, uses_of
from models.row_table import COLUMNS, FLAG_ANSWERED, FLAG_ORIGINATING, Rows, rows_from

BOTH = FLAG_ANSWERED | FLAG_ORIGINATING
TEXTS = ("", "333", "row")
SWITCHES = ("", "a", "b")
made = st.lists(
    st.tuples(
        st.sampled_from(
            [
                (0, "2125"),
                (33, "33387654321"),
                (33, "333"),
                (1, "18095551234"),
                (1, "12425551234"),
                (212, "212537123456"),
            ]
        ),
        st.sampled_from([Price.NONE, Price.FREE, Price.PAID, Price.ALLOWANCE]),
        st.sampled_from([0, FLAG_ANSWERED, BOTH]),
        st.sampled_from([COUNTED, DUPLICATE, LATE, TOO_LATE]),
        st.integers(0, 3),
    ),
    max_size=20,
)


def rows_of(given_rows) -> Rows:
    columns = {name: np.zeros(len(given_rows), dtype) for name, dtype in COLUMNS.items()}
    for i, ((code, called), price, flags, _, event) in enumerate(given_rows):
        columns["code"][i], columns["called"][i], columns["digits"][i] = code, int(called), len(called)
        columns["price"][i], columns["flags"][i], columns["event"][i] = price, flags, event
        columns["call"][i], columns["ts"][i], columns["rate_key"][i] = i, 60_000 * i, i % 3
        columns["reach"][i] = reach_of(code, called)
        columns["switch"][i] = 3 + i % 3
    return rows_from(columns, (*TEXTS, *SWITCHES))


def reach_of(code: int, called: str) -> int:
    """Of a network whose home is one country, and a part of another calling code."""
    return LOCAL if code == 0 else HOME if called.startswith(("212", "1242")) else INTERNATIONAL


@settings(deadline=None)
@given(made)
@example([((code, str(code) + "37123456"), Price.FREE, BOTH, COUNTED, 0) for code in (44, 33, 44, 33, 33)])
def test_every_row_that_is_used_stands_with_those_of_its_code_in_order(given_rows):
    rows, verdicts = rows_of(given_rows), np.array([row[3] for row in given_rows], np.uint8)
    uses = uses_of(rows, verdicts)
    names = {column: NameTable() for column in NAMES}
    rated, answered, parts = batch_of(rows, uses, names)
    abroad = [(i, *row[1:]) for i, row in enumerate(given_rows) if reach_of(*row[0]) == INTERNATIONAL]
    priced = [i for i, price, _, verdict, _ in abroad if price in (1, 2) and verdict in (COUNTED, LATE)]
    talked = [i for i, _, flags, verdict, _ in abroad if flags == BOTH and verdict == COUNTED]
    codes = sorted({int(rows.code[i]) for i in [*priced, *talked]})
    switches = [rows.names[rows.switch[i]] for i in sorted({*priced, *talked})]
    assert names["switch"].texts == ["", "…", *dict.fromkeys(name for name in switches if name)]
    ids = [
        names["switch"].texts.index(name) if (name := rows.names[code]) in switches else None for code in rows.switch
    ]
    assert parts[:, CODE].tolist() == codes
    for code, a, b, c, d, free in parts.tolist():
        assert rated[a:b, ROW].tolist() == [i for i in priced if rows.code[i] == code]
        assert answered[c:d, 0].tolist() == [i for i in talked if rows.code[i] == code]
        assert free == (rated[a:b, PRICE] == Price.FREE).sum()
    for call in rated:
        (_, called), price, _, _, event = given_rows[call[ROW]]
        assert str(call[PADDED]) == called.ljust(15, "0")
        assert call[[DIGITS, PRICE, CALL, SWITCH]].tolist() == [len(called), price, call[ROW], ids[call[ROW]]]
        assert call[STAGE] == (SETUP if event < 2 else FINAL)
        assert call[RATE_KEY] == ((0, 333, -1)[call[ROW] % 3] if price == Price.FREE else 0)
    for row, minute, prefix, *places in answered.tolist():
        assert (minute, str(prefix), places) == (row, given_rows[row][0][1][:7], [ids[row], 0, 0])
    assert parts[:, FREE_CALLS].sum() == (rated[:, PRICE] == Price.FREE).sum()


@pytest.mark.parametrize(
    ("verdict", "uses"),
    [(COUNTED, EVIDENT | ANSWERED | ABROAD), (LATE, EVIDENT | ABROAD), (DUPLICATE, 0), (TOO_LATE, 0)],
)
def test_a_late_price_is_evidence_and_a_copy_nothing(verdict, uses):
    rows = rows_of([((33, "33387654321"), Price.PAID, BOTH, verdict, 1)])
    assert uses_of(rows, np.array([verdict], np.uint8)).tolist() == [uses]


@pytest.mark.parametrize(("code", "called"), [(212, "212537123456"), (1, "12425551234"), (0, "2125")])
def test_an_answered_call_at_home_is_part_of_the_totals_alone(code, called):
    rows = rows_of([((code, called), Price.NONE, BOTH, COUNTED, 1)])
    uses = uses_of(rows, np.array([COUNTED], np.uint8))
    assert uses.tolist() == [ANSWERED]
    assert [len(part) for part in batch_of(rows, uses, {column: NameTable() for column in NAMES})] == [0, 0, 0]
