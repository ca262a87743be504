"""Numbers are told apart and normalised, and a short code never becomes an international number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.hashing import HASHED
from models.numbers import TYPES, Network, Reach, caller_keys, dialled_is_called, normalise

MOROCCO = Network(home_country_code="212")
BAHAMAS = Network(home_country_code="1", international_prefix="011", home_prefixes=("+1242",))
FRANCE = Network(home_country_code="33")
ITALY = Network(home_country_code="39")

LOCAL, HOME, INTERNATIONAL, INVALID = Reach.LOCAL, Reach.HOME, Reach.INTERNATIONAL, Reach.INVALID


def _number(text, kind=None, network=MOROCCO):
    """Return reach, calling code and digits of one number; the digits of a local one are None."""
    numbers = normalise([text], np.array([TYPES[kind]], np.uint8), network)
    digits = int(numbers.digits[0])
    local = numbers.reach[0] == LOCAL
    assert local == (digits >= HASHED)
    assert local or len(str(digits)) == numbers.length[0] or numbers.reach[0] == INVALID
    return int(numbers.reach[0]), int(numbers.code[0]), None if local else digits


@pytest.mark.parametrize(
    ("text", "kind", "reach", "code", "digits"),
    [
        ("+33387654321", None, INTERNATIONAL, 33, 33387654321),
        ("+33387654321", "international", INTERNATIONAL, 33, 33387654321),
        ("0033387654321", None, INTERNATIONAL, 33, 33387654321),
        ("0033387654321", "national", INTERNATIONAL, 33, 33387654321),
        ("+333", "short", INTERNATIONAL, 33, 333),
        ("33387654321", "international", INTERNATIONAL, 33, 33387654321),
        ("33387654321", None, LOCAL, 0, None),
        ("33387654321", "unknown", LOCAL, 0, None),
        ("333", None, LOCAL, 0, None),
        ("333", "unknown", LOCAL, 0, None),
        ("333", "short", LOCAL, 0, None),
        ("333", "subscriber", LOCAL, 0, None),
        ("333", "national", HOME, 212, 212333),
        ("387654321", "national", HOME, 212, 212387654321),
        ("0661234567", "national", HOME, 212, 212661234567),
        ("661234567", "national", HOME, 212, 212661234567),
        ("0661234567", None, HOME, 212, 212661234567),
        ("066123456", None, LOCAL, 0, None),
        ("06612345678", None, LOCAL, 0, None),
        ("0661234567", "subscriber", LOCAL, 0, None),
        ("+212661234567", None, HOME, 212, 212661234567),
        ("212661234567", "international", HOME, 212, 212661234567),
        ("+12425551234", None, INTERNATIONAL, 1, 12425551234),
        ("+79161234567", None, INTERNATIONAL, 7, 79161234567),
        ("+999123456789", None, INTERNATIONAL, 0, 999123456789),
        ("+123456789012345", None, INTERNATIONAL, 1, 123456789012345),
        ("+1234567890123456", None, LOCAL, 0, None),
        ("+0033387654321", None, LOCAL, 0, None),
        ("000333876543", None, LOCAL, 0, None),
        ("00", None, LOCAL, 0, None),
        ("1" * 32, "national", LOCAL, 0, None),
        ("*21*0033387654321#", None, LOCAL, 0, None),
        ("+33*387654321", "international", LOCAL, 0, None),
    ],
)
def test_a_called_number_is_local_home_or_international(text, kind, reach, code, digits):
    assert _number(text, kind) == (reach, code, digits)


@pytest.mark.parametrize(
    ("text", "kind", "network", "reach", "digits"),
    [
        ("12425551234", None, BAHAMAS, HOME, 12425551234),
        ("2425551234", "national", BAHAMAS, HOME, 12425551234),
        ("12125551234", None, BAHAMAS, INTERNATIONAL, 12125551234),
        ("2125551234", "national", BAHAMAS, INTERNATIONAL, 12125551234),
        ("+12425551234", None, BAHAMAS, HOME, 12425551234),
        ("01133387654321", None, BAHAMAS, INTERNATIONAL, 33387654321),
        ("0033387654321", None, BAHAMAS, LOCAL, None),
        ("5551234", "subscriber", BAHAMAS, LOCAL, None),
        ("0387654321", None, FRANCE, HOME, 33387654321),
        ("+333", None, FRANCE, HOME, 333),
        ("0612345678", "national", ITALY, HOME, 390612345678),
        ("0612345678", None, ITALY, LOCAL, None),
    ],
)
def test_every_network_has_its_own_home(text, kind, network, reach, digits):
    assert _number(text, kind, network)[::2] == (reach, digits)


@pytest.mark.parametrize(
    "text",
    [
        "+33 3 87 65 43 21",
        "(+33) 387-65-43-21",
        "+33.387/654.321",
        "\u00a0+33\u202f387\u2009654\u2011321",
        "00 33 387 654 321",
    ],
)
def test_visual_separators_do_not_count(text):
    assert _number(text) == (INTERNATIONAL, 33, 33387654321)


@pytest.mark.parametrize(
    "text", ["", " ", "+", "++33", "3+3", "33x", "+33\n3", "3\t3", "\u0663", "\u00e93", "3" * 33, "sip:33", "\u2603"]
)
def test_what_cannot_be_dialled_is_invalid(text):
    assert _number(text) == (INVALID, 0, 0)


def test_local_numbers_are_their_characters():
    texts = ["333", "3 33", "334", "+1234567890123456", "1234567890123456"]
    digits = normalise(texts, np.full(5, TYPES["short"], np.uint8), MOROCCO).digits.tolist()
    assert digits[0] == digits[1]
    assert len(set(digits)) == 4


@given(st.text("0123456789", max_size=34), st.sampled_from(["national", "subscriber", "short", "unknown", None]))
def test_without_a_prefix_nothing_but_the_type_international_leads_abroad(text, kind):
    if not text.startswith("00"):
        assert _number(text, kind)[0] != INTERNATIONAL


@given(st.text("0123456789", max_size=16), st.sampled_from(sorted(TYPES, key=str)))
def test_what_is_under_the_home_prefix_is_never_international(rest, kind):
    for lead in ("+212", "00212"):
        assert _number(lead + rest, kind)[0] in (HOME, LOCAL)


@given(st.lists(st.text("0123456789+*# -\u00e9", max_size=12)))
def test_a_number_does_not_depend_on_its_neighbours(texts):
    kinds = np.zeros(len(texts), np.uint8)
    together = normalise(texts, kinds, MOROCCO)
    alone = [normalise([text], kinds[:1], MOROCCO) for text in texts]
    for column, parts in zip(together, zip(*alone, strict=True) if alone else [[]] * 4, strict=True):
        assert column.tolist() == [int(part[0]) for part in parts]


@pytest.mark.parametrize("text", ["+212661234567", "00212661234567", "0661234567", "+212 661-234567", "(0)661234567"])
def test_a_caller_is_one_key_however_it_is_written(text):
    assert caller_keys([text], MOROCCO).tolist() == [212661234567]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "anonymous",
        "Anonymous",
        "RESTRICTED",
        "unknown",
        "12",
        "+12",
        "1" * 21,
        "*123",
        "0661#",
        "sip:a@b",
        "+",
    ],
)
def test_a_withheld_caller_is_nobody(text):
    assert caller_keys([text], MOROCCO).tolist() == [0]


@pytest.mark.parametrize("text", ["123", "+123", "661234567", "1" * 20])
def test_a_caller_of_3_to_20_digits_is_somebody(text):
    assert caller_keys([text], MOROCCO)[0] > 0


@pytest.mark.parametrize(
    ("dialled", "called", "network", "same"),
    [
        ("0033387654321", "+33387654321", MOROCCO, True),
        ("+33 387 654 321", "+33387654321", MOROCCO, True),
        ("33387654321", "+33387654321", MOROCCO, True),
        ("0661234567", "+212661234567", MOROCCO, True),
        ("661234567", "+212661234567", MOROCCO, True),
        ("212661234567", "+212661234567", MOROCCO, True),
        ("01133387654321", "+33387654321", BAHAMAS, True),
        ("2125551234", "+12125551234", BAHAMAS, True),
        ("12125551234", "+12125551234", BAHAMAS, True),
        ("+12125551234", "+12125551234", BAHAMAS, True),
        ("333", "+33387654321", MOROCCO, False),
        ("387654321", "+33387654321", MOROCCO, False),
        ("0387654321", "+33387654321", MOROCCO, False),
        ("0033387654322", "+33387654321", MOROCCO, False),
        ("00333876543210", "+33387654321", MOROCCO, False),
        ("+0033387654321", "+33387654321", MOROCCO, False),
        ("*21*0033387654321#", "+33387654321", MOROCCO, False),
        ("sip:+33387654321@example.org", "+33387654321", MOROCCO, False),
        ("0033387654321", "+33387654321", BAHAMAS, False),
    ],
)
def test_what_was_dialled_is_what_was_called_in_any_reading(dialled, called, network, same):
    numbers = normalise([called], np.zeros(1, np.uint8), network)
    assert dialled_is_called([dialled], numbers, network).tolist() == [same]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(home_country_code="999"), "home_country_code '999'"),
        (Network(home_country_code="+212"), r"home_country_code '\+212'"),
        (Network(home_country_code="1", home_prefixes=("1242",)), "home_prefixes '1242'"),
        (Network(home_country_code="1", home_prefixes=("+44",)), r"home_prefixes '\+44'"),
        (Network(home_country_code="1", international_prefix="+"), r"international_prefix '\+'"),
    ],
)
def test_a_network_that_cannot_be_is_an_error_that_says_why(network, said):
    with pytest.raises(ValueError, match=said):
        caller_keys(["1"], network)
