"""Keys are SipHash-1-3, and so the same everywhere."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.hashing import HASHED, Key, joined, key_of, keys_of, mixed, siphash13

TEXTS = ["", "a", *("x" * size for size in range(6, 18)), "a84b4c76e66710@cas-msc-1", "\u00e9\u2603\U0001f4de"]


@pytest.mark.skipif(sys.hash_info.algorithm != "siphash13", reason="this Python hashes its strings otherwise")
def test_hashes_are_those_of_cpython_without_a_seed():
    code = f"for text in {TEXTS[1:]!r}: print(hash(text.encode()) % 2**64)"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True
    )
    assert siphash13(*joined(TEXTS[1:]), 0).tolist() == [int(line) for line in run.stdout.split()]


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        (Key.ACCOUNT, "acc-0042", 17319083325966886037),
        (Key.CALL, "a84b4c76e66710@cas-msc-1", 12325313501533285253),
        (Key.TRUNK, "", 17625870549666671205),
    ],
)
def test_keys_outlive_the_version_that_made_them(kind, text, key):
    assert key_of(kind, text) == key


def test_one_name_is_a_key_of_each_kind():
    assert len({key_of(kind, "x") for kind in Key}) == len(Key)


def test_a_hash_is_never_nobody_nor_a_number():
    assert (keys_of(Key.CALL, TEXTS) >= HASHED).all()
    assert (mixed(np.zeros(1, np.uint64), 0) >= HASHED).all()


def test_mixing_tells_kinds_apart():
    keys = keys_of(Key.CALL, ["a", "b"])
    assert len({*mixed(keys, 0).tolist(), *mixed(keys, 1).tolist(), *mixed(keys, np.array([2, 3])).tolist()}) == 6


@given(st.lists(st.text(max_size=20)))
def test_a_texts_key_does_not_depend_on_its_neighbours(texts):
    assert keys_of(Key.CALL, texts).tolist() == [key_of(Key.CALL, text) for text in texts]


@given(st.lists(st.text(max_size=5)))
def test_joined_texts_can_be_cut_apart_again(texts):
    whole, starts, ends = joined(texts)
    assert [bytes(whole[a:b]).decode() for a, b in zip(starts, ends, strict=True)] == texts
