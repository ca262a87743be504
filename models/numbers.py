"""Telephone numbers of a whole column, normalised to E.164 digits and told apart: local, home, international.

Only `+`, the network's international prefix or the type `international` say that a number is international;
that is how the short code `333` must not become `+33 3` (contract section 2).
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from phonenumbers.phonemetadata import PhoneMetadata

from models.digits import (
    E164_MAX,
    HOME,
    INTERNATIONAL,
    INVALID,
    LOCAL,
    TYPE_INTERNATIONAL,
    TYPE_LOCAL,
    TYPE_NATIONAL,
    UNTYPED,
    Facts,
    Numbers,
    Small,
    callers,
    matches,
    normalised,
)
from models.hashing import Keys, joined
from models.plan import calling_codes, national_prefix, region_of_home

TYPES: Final = {
    None: UNTYPED,
    "unknown": UNTYPED,
    "international": TYPE_INTERNATIONAL,
    "national": TYPE_NATIONAL,
    "subscriber": TYPE_LOCAL,
    "short": TYPE_LOCAL,
}
"""`called_type` as the kernels number it."""


class Reach(IntEnum):
    """How far away a number is."""

    LOCAL = LOCAL
    """A short, subscriber or service (`*`, `#`) number, of unknown type, or no E.164 number (over 15 digits)."""
    HOME = HOME
    """Under the home prefixes."""
    INTERNATIONAL = INTERNATIONAL
    """Under any other calling code; under none that is assigned, the code is 0."""
    INVALID = INVALID
    """Not `^\\+?[0-9*#]{1,32}$`."""


class Network(msgspec.Struct, frozen=True):
    """What the numbers of one network look like.

    Attributes:
        home_country_code: calling code, digits only.
        international_prefix: what subscribers dial before a calling code.
        home_prefixes: `+digits` that are home; by default the home country code.
    """

    home_country_code: str
    international_prefix: str = "00"
    home_prefixes: tuple[str, ...] = ()


def _bytes(text: str) -> Small:
    return np.frombuffer(text.encode(), np.uint8)


@cache
def facts(network: Network) -> Facts:
    """Return what the kernels need of a network.

    Raises:
        ValueError: a code or prefix is not one.
    """
    home, prefixes = network.home_country_code, network.home_prefixes
    if home not in calling_codes():
        raise ValueError(f"home_country_code {home!r}: not an assigned calling code; give its digits, like '212'")
    for prefix in prefixes:
        if not (prefix.startswith(f"+{home}") and prefix[1:].isdecimal() and prefix.isascii()):
            raise ValueError(f"home_prefixes {prefix!r}: not '+{home}…'; give '+' and digits under the home code")
    if not (network.international_prefix.isdecimal() and network.international_prefix.isascii()):
        raise ValueError(f"international_prefix {network.international_prefix!r}: not digits, like '00'")
    return _facts(home, network.international_prefix, [prefix[1:] for prefix in prefixes] or [home])


def _lengths(home: str) -> list[int]:
    """Return how many digits the national numbers of a calling code can have."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(home), region_of_home(home))
    if metadata is None or metadata.general_desc is None:
        return [1, E164_MAX]
    return [length for length in metadata.general_desc.possible_length if length > 0]


def _facts(home: str, international: str, homes: list[str]) -> Facts:
    lengths = _lengths(home)
    codes = np.zeros(1000, np.uint8)
    codes[[int(code) for code in calling_codes()]] = 1
    return Facts(
        _bytes(home),
        _bytes(international),
        _bytes(national_prefix(home)),
        min(lengths),
        max(lengths),
        _bytes("".join(f"{prefix}\0" for prefix in homes)),
        codes,
    )


def normalise(texts: Sequence[str], kinds: Small, network: Network) -> Numbers:
    """Return a column of called numbers, normalised; `kinds` (uint8[texts]) is their types, as in `TYPES`.

    A number that is not E.164 is LOCAL, its digits the key of its characters.

    Example:
        >>> network = Network(home_country_code="212")
        >>> numbers = normalise(["00 33 3 87 65 43 21", "333"], np.zeros(2, np.uint8), network)
        >>> int(numbers.digits[0]), numbers.reach.tolist(), numbers.code.tolist()
        (33387654321, [2, 0], [33, 0])
    """
    columns: Numbers = normalised(*joined(texts), kinds, facts(network))
    return columns


def caller_keys(texts: Sequence[str], network: Network) -> Keys:
    """Return a key per caller, uint64[texts]: E.164 digits, or a hash of a local number; 0 is withheld.

    One number in its `+`, international-prefix and national form is one key. Withheld is whatever is no telephone
    number of 3 to 20 digits, the words `anonymous`, `restricted` and `unknown` among it.

    Example:
        >>> caller_keys(["+212661234567", "0661234567", "Anonymous"], Network(home_country_code="212")).tolist()
        [212661234567, 212661234567, 0]
    """
    keys: Keys = callers(*joined(texts), facts(network))
    return keys


def dialled_is_called(texts: Sequence[str], numbers: Numbers, network: Network) -> npt.NDArray[np.bool_]:
    """Say for each dialled text whether any reading of it is the called E.164 number in its place.

    The readings are: international (`+`, the network's prefix, or without either), and national with or without
    the trunk prefix.
    """
    same: npt.NDArray[np.bool_] = matches(*joined(texts), numbers.digits, numbers.length, facts(network))
    return same


def warm() -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    network = Network(home_country_code="1")
    numbers = normalise(["+1"], np.zeros(1, np.uint8), network)
    caller_keys(["+1"], network)
    dialled_is_called(["+1"], numbers, network)
