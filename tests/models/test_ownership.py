"""Every key of every row has exactly one owner, the same one wherever the key turns up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import FOLLOWS, Kind
from models.numbers import Reach
from models.ownership import shares_of
from models.row_table import COLUMNS, Rows, rows_from

KEYS = {Kind.CALLER: "caller", Kind.ACCOUNT: "account", Kind.CALLED: "called", Kind.TRUNK: "via"}
HOME, ABROAD = int(Reach.HOME), int(Reach.INTERNATIONAL)

calls = st.lists(
    st.fixed_dictionaries(
        {
            "caller": st.integers(0, 3),
            "account": st.integers(0, 3),
            "called": st.integers(1, 5),
            "via": st.integers(0, 2),
        }
        | {"code": st.sampled_from([1, 33, 212, 0]), "reach": st.sampled_from([HOME, ABROAD])}
    ),
    max_size=12,
)


def rows(given_calls: list[dict[str, int]]) -> Rows:
    columns = {name: np.zeros(len(given_calls), dtype) for name, dtype in COLUMNS.items()}
    for name in ("caller", "account", "called", "via", "code", "reach"):
        columns[name] = np.array([call[name] for call in given_calls], COLUMNS[name])
    return rows_from(columns, ("",))


@given(calls, st.integers(1, 6))
def test_every_key_has_one_owner(given_calls, partitions):
    batch = rows(given_calls)
    shares = shares_of(batch, partitions)
    owners: dict[tuple[int, int], set[int]] = {}
    told = np.zeros((len(batch), len(Kind)), int)
    for partition in range(partitions):
        part = shares.part(partition)
        which = shares.row[part].tolist()
        assert which == sorted(set(which))
        for row, owns in zip(which, shares.owns[part].tolist(), strict=True):
            assert owns > 0
            for kind in Kind:
                if owns >> kind & 1:
                    told[row, kind] += 1
                    if kind in KEYS:
                        owners.setdefault((kind, given_calls[row][KEYS[kind]]), set()).add(partition)
    for row, call in enumerate(given_calls):
        there = {kind for kind, name in KEYS.items() if call[name]} | {Kind.PREFIX}
        assert told[row].tolist() == [int(kind in there) for kind in Kind]
    assert all(len(found) == 1 for found in owners.values())


@given(calls, st.integers(1, 6))
def test_a_calling_code_is_followed_in_one_place(given_calls, partitions):
    batch = rows([call | {"reach": ABROAD} for call in given_calls])
    shares = shares_of(batch, partitions)
    followers: dict[int, set[int]] = {}
    for partition in range(partitions):
        part = shares.part(partition)
        for row in shares.row[part][shares.owns[part] & FOLLOWS > 0].tolist():
            followers.setdefault(int(batch.code[row]), set()).add(partition)
    assert all(len(found) == 1 for found in followers.values())


def test_keys_spread_evenly():
    many = 20_000
    batch = rows(
        [{"caller": n + 1, "account": 0, "called": 1, "via": 0, "code": 33, "reach": ABROAD} for n in range(many)]
    )
    shares = shares_of(batch, 4)
    owned = [int((shares.owns[shares.part(p)] & 1).sum()) for p in range(4)]
    assert max(owned) < 1.05 * many / 4
