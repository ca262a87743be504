"""Rows as the routes take them: what each is used for, and tables in which a calling code's calls stand together."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.admission import COUNTED, DUPLICATE, LATE, TOO_LATE
from models.evidence import CALL, DIGITS, PADDED, PRICE, RATE_KEY, ROW, STAGE, SWITCH
from models.history import FINAL, SETUP
from models.prices import Price
from models.rated import ANSWERED, CODE, EVIDENT, FREE_CALLS, batch_of, uses_of
from models.row_table import COLUMNS, FLAG_ANSWERED, FLAG_ORIGINATING, Rows, rows_from

BOTH = FLAG_ANSWERED | FLAG_ORIGINATING
NAMES = ("", "333", "row")
made = st.lists(
    st.tuples(
        st.sampled_from([(0, "2125"), (33, "33387654321"), (33, "333"), (212, "212537123456")]),
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
    return rows_from(columns, NAMES)


@settings(deadline=None)
@given(made)
@example([((code, str(code) + "37123456"), Price.FREE, BOTH, COUNTED, 0) for code in (212, 33, 212, 33, 33)])
def test_every_row_that_is_used_stands_with_those_of_its_code_in_order(given_rows):
    rows, verdicts = rows_of(given_rows), np.array([row[3] for row in given_rows], np.uint8)
    uses = uses_of(rows, verdicts)
    ids = {name: np.arange(len(rows)) for name in ("switch", "trunk", "plan", "currency")}
    rated, answered, parts = batch_of(rows, uses, ids)
    priced = [i for i, (_, p, _, v, _) in enumerate(given_rows) if p in (1, 2) and v in (COUNTED, LATE)]
    talked = [i for i, (_, _, f, v, _) in enumerate(given_rows) if f == BOTH and v == COUNTED]
    codes = sorted({int(rows.code[i]) for i in [*priced, *talked]} - {0})
    assert parts[:, CODE].tolist() == codes
    for code, a, b, c, d, free in parts.tolist():
        assert rated[a:b, ROW].tolist() == [i for i in priced if rows.code[i] == code]
        assert answered[c:d, 0].tolist() == [i for i in talked if rows.code[i] == code]
        assert free == (rated[a:b, PRICE] == Price.FREE).sum()
    for call in rated:
        (_, called), price, _, _, event = given_rows[call[ROW]]
        assert str(call[PADDED]) == called.ljust(15, "0")
        assert call[[DIGITS, PRICE, CALL, SWITCH]].tolist() == [len(called), price, call[ROW], call[ROW]]
        assert call[STAGE] == (SETUP if event < 2 else FINAL)
        assert call[RATE_KEY] == ((0, 333, -1)[call[ROW] % 3] if price == Price.FREE else 0)
    for row, minute, prefix, *places in answered.tolist():
        assert (minute, str(prefix), places) == (row, given_rows[row][0][1][:7], [row] * 3)
    assert parts[:, FREE_CALLS].sum() == (rated[:, PRICE] == Price.FREE).sum()


@pytest.mark.parametrize(
    ("verdict", "uses"), [(COUNTED, EVIDENT | ANSWERED), (LATE, EVIDENT), (DUPLICATE, 0), (TOO_LATE, 0)]
)
def test_a_late_price_is_evidence_and_a_copy_nothing(verdict, uses):
    rows = rows_of([((33, "33387654321"), Price.PAID, BOTH, verdict, 1)])
    assert uses_of(rows, np.array([verdict], np.uint8)).tolist() == [uses]
