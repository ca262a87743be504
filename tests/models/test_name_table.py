"""Ids of names: as rows first use them, whatever else a batch's list of names holds; rows of rate tables as digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models.name_table
from models.evidence import OTHER_ID
from models.name_table import UNKNOWN, UNNUMBERED, NameTable, ids_of, row_numbers

columns = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", "d"]), st.booleans()), max_size=20)


def coded(texts: list[str], first: tuple[str, ...] = ("",)) -> tuple[np.ndarray, list[str]]:
    names = [*dict.fromkeys([*first, *texts])]
    return np.array([names.index(text) for text in texts], np.uint32), names


def numbered(table: NameTable, codes: np.ndarray, names: list[str], used: np.ndarray) -> list[int]:
    """Ids of a column's rows."""
    return ids_of([table], (codes,), names, used)[0, codes].tolist()


@given(columns, st.sets(st.integers(0, 20)), st.permutations(["a", "b", "c", "d"]))
def test_ids_do_not_depend_on_how_rows_were_cut_nor_on_the_order_of_a_batchs_names(rows, cuts, order):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models.name_table, "NAMES_MAX", 4)
        whole, pieces = NameTable(), NameTable()
        ids, begin = [], 0
        for end in [*sorted(cut for cut in cuts if cut < len(rows)), len(rows)]:
            codes, names = coded([text for text, _ in rows[begin:end]], ("", *order))
            ids += numbered(pieces, codes, names, np.array([used for _, used in rows[begin:end]], np.bool_))
            begin = end
        used = np.array([used for _, used in rows], np.bool_)
        expected = numbered(whole, *coded([text for text, _ in rows]), used)
    assert pieces.texts == whole.texts == [*dict.fromkeys(["", "…", *(text for text, used in rows if used)])][:4]
    assert [i for i, (_, used) in zip(ids, rows, strict=True) if used] == [
        i for i, (_, used) in zip(expected, rows, strict=True) if used
    ]


def test_names_beyond_the_limit_share_one_id(monkeypatch):
    monkeypatch.setattr(models.name_table, "NAMES_MAX", 3)
    table = NameTable()
    assert numbered(table, *coded(["", "x", "y", "x"]), np.ones(4, np.bool_)) == [0, 2, OTHER_ID, 2]
    assert numbered(NameTable(table.texts), *coded(["y", "x"]), np.ones(2, np.bool_)) == [OTHER_ID, 2]


def test_every_column_gives_ids_of_its_own():
    names, used = ["", "x", "y"], np.array([True, False, True])
    switch, trunk = np.array([2, 1, 1], np.uint32), np.array([1, 2, 0], np.uint32)
    tables = [NameTable(), NameTable()]
    assert ids_of(tables, (switch, trunk), names, used).tolist() == [[0, 3, 2], [0, 2, UNKNOWN]]
    assert [table.texts[2:] for table in tables] == [["y", "x"], ["x"]]


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        *[("", 0), ("+333", 333), ("333", 333), ("FR-3", UNNUMBERED), ("+", UNNUMBERED), ("0033", UNNUMBERED)],
        *[("\u0663", UNNUMBERED), ("9" * 16, UNNUMBERED), ("++33", UNNUMBERED)],
    ],
)
def test_a_row_of_the_rate_table_is_its_digits(name, digits):
    assert row_numbers(*coded([name])).tolist() == [digits]
