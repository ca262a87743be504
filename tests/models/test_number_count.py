"""Counting by pattern: against Python's own regular expressions, number by number."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.number_count import NOTHING, after, count, residual_of, strings

PATTERNS = [
    r"\d{3}",
    r"1(?:12|[578])",
    r"[2-57]\d?|8{2,4}",
    r"(?:0[1-3]|9(?:0|1?))\d{1,2}",
    r"(?:1|2){2}3?",
    r"|7",
]


def listed(patterns, width=4):
    every = ("".join(digits) for size in range(width + 1) for digits in itertools.product("0123456789", repeat=size))
    return [text for text in every if any(re.fullmatch(pattern, text) for pattern in patterns)]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_count_is_that_of_the_numbers_the_pattern_matches(pattern):
    assert count(residual_of([pattern])) == len(listed([pattern]))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_strings_are_the_numbers_that_the_pattern_matches(pattern):
    assert sorted(strings(residual_of([pattern]))) == sorted(listed([pattern]))


def test_a_number_of_two_patterns_counts_once():
    assert count(residual_of(PATTERNS)) == len(listed(PATTERNS))


def test_no_pattern_matches_no_number():
    assert residual_of([]) == NOTHING
    assert count(NOTHING) == 0


@pytest.mark.parametrize(
    "pattern",
    ["1+", "1*", "(1)", "^1", r"\d+", "(?:1", "1)", "{2}", "?", "1??", "[^1]", "[]", "a", "1 2", "(?=1)2"],
)
def test_what_is_not_understood_is_refused_never_half_counted(pattern):
    with pytest.raises(ValueError, match="number pattern"):
        residual_of([pattern])


digit_sets = st.sampled_from(["0", "3", r"\d", "[1-4]", "[0279]"])
counts = st.sampled_from(["", "?", "{2}", "{1,2}", "{0,1}"])
atoms = st.builds("{}{}".format, digit_sets, counts)
groups = st.builds("(?:{}|{}){}".format, atoms, atoms, st.sampled_from(["", "?"]))
patterns = st.lists(st.one_of(atoms, groups), min_size=1, max_size=2).map("".join)


@given(st.lists(patterns, min_size=1, max_size=3), st.text("0123456789", max_size=2))
def test_counts_under_any_prefix_agree_with_regular_expressions(some, prefix):
    whole = [text for text in listed(some) if text.startswith(prefix)]
    residual = after(residual_of(some), prefix)
    assert len([text for text in strings(residual) if len(prefix + text) <= 4]) == len(whole)
    assert count(residual) == len(list(strings(residual)))
