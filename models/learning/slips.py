"""Leak or gift? What makes free calls look like somebody's slip, each sign a question that a person must answer."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from models.learning.groups import NEVER
from models.learning.proposals import FreePrefix, Question
from models.learning.search import Found
from models.money import spelled

SPAN_MIN_MS: Final = 5 * 24 * 3_600_000
"""Free calls of fewer days may be a slip that nobody has come to notice: five days are never all weekend."""
SEEN_CALLS, SEEN_PAYERS = 20, 5
"""Fewer calls or payers are little to go by; design section 5 wants two payers before it acts, three are the least."""


class Known(NamedTuple):
    """What the operator's tables and the numbering plans say: as `models.leaks.Knowledge`, and the end of history."""

    short_codes: Mapping[str, str]
    expected: Callable[[str], tuple[int, str] | None]
    is_freephone: Callable[[str], bool]
    country: Callable[[str], str]
    last_ms: int = NEVER


def proposed(found: Found, plan: str, switch: str, known: Known) -> FreePrefix:
    """A finding as a proposal, with the questions that it raises; `plan` and `switch` are names, empty = all."""
    free = known.is_freephone(found.digits)
    return FreePrefix(
        prefix=f"+{found.digits}",
        country=known.country(found.digits),
        plan=plan,
        switch=switch,
        single=found.single,
        calls=found.calls,
        payers=found.payers,
        first_ms=found.first,
        last_ms=found.last,
        paid_before=found.before,
        paid_after=found.after,
        questions=() if free else tuple(_questions(found, plan, switch, known)),
        known=free,
    )


def _questions(found: Found, plan: str, switch: str, known: Known) -> Iterator[Question]:
    digits = found.digits
    for code in (digits[:size] for size in range(len(digits), len(found.code) - 1, -1)):
        if code in known.short_codes:
            yield Question("short_code", _short_code(code, digits, known.short_codes[code]))
            break
    if found.before:
        yield Question("was_paid", f"{found.before} calls there were paid before it turned free on {day(found.first)}")
    if found.after:
        yield Question("ended", f"{found.after} calls there were paid after the last free one, {day(found.last)}")
    if switch:
        yield Question("one_switch", f"free on {switch} only, paid on other switches; a free prefix has no switch")
    if len(digits) > len(found.code) and found.around[1]:
        yield Question("inside_paid", f"a narrow row inside +{found.code}, where {found.around[1]} calls were paid")
    expected = known.expected(digits)
    if expected is not None and expected[0] > 0:
        yield Question("tariff", f"the tariff says {spelled(expected[0])} {expected[1]}".rstrip())
    if found.calls < SEEN_CALLS or found.payers < SEEN_PAYERS or found.last - found.first < SPAN_MIN_MS:
        yield Question("little_seen", f"{_seen(found)} are little to go by")
    if plan and not is_writable(plan):
        yield Question("bad_name", "the plan's name cannot be written in a table")


def _seen(found: Found) -> str:
    days = (found.last - found.first) / (24 * 3_600_000)
    return f"{found.calls} calls of {found.payers} payers in {days:.1f} days"


def _short_code(code: str, digits: str, name: str) -> str:
    named = f"{code} ({name})" if name else code
    if code == digits:
        return f"it is + and the short code {named}"
    return f"it begins with + and the short code {named}"


def is_writable(name: str) -> bool:
    """Whether a table gives a name back as it is: printable, its white space tidy (`models.csv_table`).

    >>> is_writable("student 2"), is_writable(" student")
    (True, False)
    """
    return name.isprintable() and name == " ".join(name.split())


def day(at_ms: int) -> str:
    """A moment as people read it, UTC.

    >>> day(1_795_467_960_281)
    '2026-11-23 20:26'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
