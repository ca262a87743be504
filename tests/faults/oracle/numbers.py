"""What number a text stands for and whose it is; keys are what a person reads: `+` and digits, or as dialled."""

import re
from typing import NamedTuple

from tests.faults.oracle.facts import Facts
from tests.faults.oracle.wire import SEPARATORS

E164_MAX = 15
CALLER_MIN, CALLER_MAX = 3, 20
CODES = frozenset(
    """
    1 20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241
    242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 27
    290 291 297 298 299 30 31 32 33 34 350 351 352 353 354 355 356 357 358 359 36 370 371 372 373 374 375 376 377
    378 380 381 382 383 385 386 387 389 39 40 41 420 421 423 43 44 45 46 47 48 49 500 501 502 503 504 505 506 507
    508 509 51 52 53 54 55 56 57 58 590 591 592 593 594 595 596 597 598 599 60 61 62 63 64 65 66 670 672 673 674 675
    676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 7 800 808 81 82 84 850 852 853 855 856 86 870
    878 880 881 882 883 886 888 90 91 92 93 94 95 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976
    977 979 98 992 993 994 995 996 998
    """.split()  # noqa: SIM905 - 215 codes read better so
)
"""Calling codes in use (ITU-T E.164)."""


class Called(NamedTuple):
    """A called number: `+digits` if it is E.164, else as dialled; its calling code, empty where none is assigned."""

    text: str
    code: str
    abroad: bool


def called_of(text: str, kind: str | None, facts: Facts) -> Called:
    """The called number; only `+`, the international prefix or its type make it international."""
    dialled = SEPARATORS.sub("", text)
    digits = _e164(dialled, kind, facts)
    if not digits:
        return Called(dialled, "", False)
    homes = [prefix.lstrip("+") for prefix in facts.home_prefixes] or [facts.home]
    return Called("+" + digits, code_of(digits), not digits.startswith(tuple(homes)))


def caller_of(text: str, facts: Facts) -> str:
    """The caller, `+digits` or as given; empty where withheld."""
    dialled = SEPARATORS.sub("", text)
    if not re.fullmatch(r"\+?[0-9]+", dialled) or not CALLER_MIN <= len(dialled.lstrip("+")) <= CALLER_MAX:
        return ""
    digits = _e164(dialled, None, facts)
    return "+" + digits if digits else dialled


def code_of(digits: str) -> str:
    """The calling code that digits begin with."""
    return next((digits[:size] for size in (1, 2, 3) if digits[:size] in CODES and len(digits) >= size), "")


def _e164(dialled: str, kind: str | None, facts: Facts) -> str:  # noqa: PLR0911 - one case after the other
    """The digits of the international number that a dialled text stands for, empty where it is none."""
    if re.search(r"[*#]", dialled):
        return ""
    prefix, trunk = facts.international_prefix, facts.national_prefix
    if dialled.startswith("+"):
        return _whole(dialled[1:])
    if dialled.startswith(prefix) and len(dialled) > len(prefix):
        return _whole(dialled[len(prefix) :])
    if kind == "international":
        return _whole(dialled)
    shortest, longest = facts.national_lengths
    has_trunk = bool(trunk) and dialled.startswith(trunk) and len(dialled) > len(trunk)
    rest = len(dialled) - len(trunk)
    if kind == "national":
        return _home(dialled[len(trunk) :] if has_trunk and rest >= shortest else dialled, facts)
    if kind in (None, "unknown") and has_trunk and shortest <= rest <= longest:
        return _home(dialled[len(trunk) :], facts)
    return ""


def _whole(digits: str) -> str:
    return digits if 0 < len(digits) <= E164_MAX and digits[0] != "0" else ""


def _home(national: str, facts: Facts) -> str:
    return facts.home + national if national and len(facts.home + national) <= E164_MAX else ""


def readings(dialled: str, facts: Facts) -> set[str]:
    """Every `+digits` that what a subscriber dialled may stand for."""
    text = SEPARATORS.sub("", dialled)
    if not re.fullmatch(r"\+?[0-9]{1,32}", text):
        return set()
    found = {_e164(text, "international", facts)}
    if not text.startswith("+"):
        found |= {_whole(text), _e164(text, "national", facts), _national(text, facts), _home(text, facts)}
    return {"+" + digits for digits in found if digits}


def _national(text: str, facts: Facts) -> str:
    trunk, shortest = facts.national_prefix, facts.national_lengths[0]
    cut = bool(trunk) and text.startswith(trunk) and len(text) > len(trunk) and len(text) - len(trunk) >= shortest
    return _home(text[len(trunk) :] if cut else text, facts)
