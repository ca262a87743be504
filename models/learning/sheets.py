"""Proposals as CSV texts.

The one of free prefixes can be loaded as it is, and then accepts only what raises no question. Nothing reads these
files until a person puts one where a setting names it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from models.learning.proposals import Bundle, EndPriced, FreePrefix, Learned, TestAccount
from models.learning.slips import day, is_writable

FREE_PREFIXES: Final = "proposed_free_prefixes.csv"
END_PRICED: Final = "proposed_end_priced_switches.csv"
BUNDLES: Final = "proposed_bundles.csv"
TEST_ACCOUNTS: Final = "proposed_test_accounts.csv"
COLUMNS: Final = ("prefix", "reason", "from", "until", "plan")
"""Contract, section 4."""
HEAD: Final = (
    "A proposal of `ringfence learn`: nothing here is in force until [network] free_prefixes names this file,",
    "or its rows stand in the file that it names.",
    "A row behind a # raised a question: leak or gift? Take the # away only if it is a gift.",
)


def sheets(learned: Learned) -> dict[str, str]:
    """The text of every file by its name."""
    return {
        FREE_PREFIXES: free_prefixes(learned.free_prefixes),
        END_PRICED: _table(EndPriced, learned.end_priced),
        BUNDLES: _table(Bundle, learned.bundles),
        TEST_ACCOUNTS: _table(TestAccount, learned.test_accounts),
    }


def free_prefixes(proposals: Sequence[FreePrefix]) -> str:
    """A `free_prefixes` table; rows with a question are comments below it."""
    lines = [*(f"# {line}" for line in HEAD), ",".join(COLUMNS)]
    lines += [_row(one) for one in proposals if not one.questions and not one.known]
    for one in proposals:
        if one.questions:
            lines += [f"# {asked(one)}", f"#{_row(one)}"]
    return "\n".join(lines) + "\n"


def asked(one: FreePrefix) -> str:
    """A proposal's question in one line of printable text."""
    where = f" ({one.country})" if one.country else ""
    only = (f" for plan {one.plan}" if one.plan else "") + (f" on switch {one.switch}" if one.switch else "")
    why = "; ".join(question.text for question in one.questions)
    return plain(f"{one.prefix}{where}{only}: leak or gift? {why}")


def plain(text: str) -> str:
    r"""A text in one line, every character printable.

    >>> plain("two\nlines")
    'two?lines'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _row(one: FreePrefix) -> str:
    kinds = {question.kind for question in one.questions}
    begin = rfc3339(one.first_ms) if "was_paid" in kinds else ""
    end = rfc3339(one.last_ms + 1) if "ended" in kinds else ""
    seen = f"learned: {one.calls} free calls of {one.payers} payers, {day(one.first_ms)} to {day(one.last_ms)} UTC"
    return _line([one.prefix, seen, begin, end, one.plan if is_writable(one.plan) else plain(one.plan)])


def _line(fields: Iterable[object], quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator="").writerow(fields)  # type: ignore[arg-type] # an int, as csv's
    return text.getvalue()


def _table(kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> str:
    """Rows with a header; texts are quoted, times RFC 3339."""
    names = kind.__struct_fields__
    header = ",".join(name.removesuffix("_ms") for name in names)
    lines = [_line([_cell(row, name) for name in names], csv.QUOTE_NONNUMERIC) for row in rows]
    return "\n".join([header, *lines]) + "\n"


def _cell(row: msgspec.Struct, name: str) -> object:
    value = getattr(row, name)
    if name.endswith("_ms"):
        return rfc3339(value)
    return plain(value) if isinstance(value, str) else value


def rfc3339(at_ms: int) -> str:
    """A moment as the tables take it, ms kept.

    >>> rfc3339(1_795_467_960_281)
    '2026-11-23T20:26:00.281Z'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
