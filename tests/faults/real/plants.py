"""Leaks that are planted at known moments, each under a calling code of its own: its calls, in order."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.faults.traffic import MINUTE, SECOND, Caller

EVERY_MS = 12 * SECOND
_FITTING = """
303 312 326 363 407 412 432 454 465 473 487 513 525 542 557 563 571 584 602 613 624 635 642 653 664 816 823 843 864
902 913 925 933 947 954 987
"""
_TARIFFED = """
213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245
248 249 250 251 252 253 254 255 256 257 258 260 261 263 264 265 266 267 268 350 351 352 353 354 355 356 357 358 359
370 371 372 373 374 375 376 377 380 381 385 386 387 389 420 421 500 501 502 503 504 505 506 507 590 591 592 593 595
597 598 670 673 675 676 677 679 682 685 687 689 691 850 852 853 855 856 880 886 960 961 962 963 964 965 966 967 968
970 971 972 973 974 975 976 977 992 993 994 995 996 998
"""
BY_CODE = tuple(_FITTING.split())
"""Short codes of ours that somebody may enter with a `+`: each is a calling code and one more digit."""
BY_TARIFF = tuple(_TARIFFED.split())
"""Calling codes with a tariff."""
TARIFF = dict.fromkeys(BY_TARIFF, "2.50")
PAUSE_MS, PAID_AFTER_MS, AGAIN_AFTER_MS = 1_500, 20 * SECOND, (80 * SECOND, 3 * MINUTE)
PAYERS = (3, 2, 4, 5)
"""Free payers of a leak, in turn."""


class Line(NamedTuple):
    """One event of a leak, sent when it happens."""

    at_ms: int
    value: bytes


def plant(caller: Caller, number: int, at_ms: int) -> Iterator[Line]:
    """The calls of a leak; nothing where every calling code has leaked once.

    Every third is mended after a while; under each of the others somebody calls for free again when its block lets a
    trickle through.
    """
    shorts = number % 2 == 0
    place = (BY_CODE if shorts else BY_TARIFF)[number // 2 :][:1]
    if not place:
        return
    prefix = place[0] if shorts else place[0] + "6"
    switch, plain = f"leak-{number}", ([] if shorts else [f"+{place[0]}910000{n:03}" for n in range(2)])
    for n, called in enumerate(plain):
        yield _call(caller, at_ms + n * PAUSE_MS, called, f"p{number}-{n}", "2.5", switch)
    begin = at_ms + len(plain) * PAUSE_MS
    free = PAYERS[number // 2 % len(PAYERS)]
    for n in range(free):
        yield _call(caller, begin + n * PAUSE_MS, f"+{prefix}{n + 1}5512345", f"f{number}-{n}", "0", switch)
    later = begin + free * PAUSE_MS
    if number % 3 == 0:
        for n in range(2):
            at = later + PAID_AFTER_MS + n * PAUSE_MS
            yield _call(caller, at, f"+{prefix}{n + 1}5598765", f"m{number}-{n}", "2.5", switch)
    else:
        for n, after in enumerate(AGAIN_AFTER_MS):
            yield _call(caller, later + after, f"+{prefix}{n + 7}5512345", f"a{number}-{n}", "0", switch)


def _call(caller: Caller, at_ms: int, called: str, payer: str, rate: str, switch: str) -> Line:
    return Line(at_ms, caller.priced(at_ms, called, payer, rate, switch=switch))
