"""Reads one of the operator's CSV tables into rows of named fields; any bytes give rows or a `TableError`.

The dialect (contract, section 4): a header, `,` or `;`, UTF-8 with or without a byte-order mark; blank lines
and comment lines are skipped. A comment begins with `#`; a first field that does so is quoted (`"#31#"`).
A row is one line, so every fault has a line number.
"""

import csv
import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_BYTES = 64 << 20
"""Largest table, in bytes (or characters of text)."""
MAX_LINE = 64 << 10
"""Longest line, in characters."""
MAX_ROWS = 1_000_000
"""Most rows in a table."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class TableError(ValueError):
    """A fault in an operator's table; its text names file, line and field."""

    def __init__(self, file: str, line: int, field: str, message: str) -> None:
        """Args: `line` counts from 1, 0 = the whole file; `field` is empty where the fault is the row's."""
        place = file + (f":{line}" if line else "") + (f": {field}" if field else "")
        super().__init__(f"{place}: {message}")
        self.file = file
        self.line = line
        self.field = field
        self.message = message


class Row(NamedTuple):
    """One row of a table."""

    file: str
    line: int
    """Counted from 1 in the file."""
    fields: dict[str, str]
    """Every column that was asked for; white space trimmed and runs of it made one space."""

    def needed(self, field: str) -> str:
        """Return a field that must not be empty.

        Raises:
            TableError: it is empty.
        """
        if not self.fields[field]:
            raise self.error(field, "is empty; every row needs it")
        return self.fields[field]

    def error(self, field: str, message: str) -> TableError:
        """Return (not raise) the error of one field of this row."""
        return TableError(self.file, self.line, field, message)


def read_rows(text: str | bytes, file: str, columns: tuple[str, ...], needed: str) -> Iterator[Row]:
    r"""Yield the rows of a table.

    Args:
        text: the whole file.
        file: how errors name it.
        columns: the columns to return; others are passed over, a missing one is empty in every row.
        needed: the column without which the file is not this table.

    Raises:
        TableError: at the first fault, when the iterator reaches it.

    Example:
        >>> table = "# ours\ncode;name\n333;voicemail"
        >>> [row.fields for row in read_rows(table, "short_codes.csv", ("code", "name"), "code")]
        [{'code': '333', 'name': 'voicemail'}]
    """
    lines = _lines(_text(text, file), file)
    number, header = next(lines, (0, ""))
    if not header:
        return
    delimiter = ";" if header.count(";") > header.count(",") else ","
    names = _header(_cells(header, delimiter, file, number), file, number, needed, columns)
    for count, (number, line) in enumerate(lines, 1):
        if count > MAX_ROWS:
            raise TableError(file, number, "", f"more than {MAX_ROWS:,} rows; split the table")
        cells = _cells(line, delimiter, file, number)
        if any(cells[len(names) :]):
            raise TableError(
                file, number, "", f"has {len(cells)} fields, the header {len(names)}; quote a {delimiter!r}"
            )
        given = dict(zip(names, cells, strict=False))
        yield Row(file, number, {column: given.get(column, "") for column in columns})


def _text(text: str | bytes, file: str) -> str:
    if len(text) > MAX_BYTES:
        raise TableError(file, 0, "", f"is larger than {MAX_BYTES >> 20} MiB; split the table")
    return (_decoded(text, file) if isinstance(text, bytes) else text).removeprefix("\ufeff")


def _decoded(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = 1 + len(_LINE_END.findall(raw[: error.start].decode("utf-8")))
        raise TableError(file, line, "", "is not UTF-8; save the file as UTF-8") from None


def _lines(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Numbered lines that are neither blank nor a comment."""
    for number, line in enumerate(_LINE_END.split(text), 1):
        if len(line) > MAX_LINE:
            raise TableError(file, number, "", f"line is longer than {MAX_LINE:,} characters")
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _cells(line: str, delimiter: str, file: str, number: int) -> list[str]:
    """The fields of one line, with tidy white space."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise TableError(file, number, "", f"is not CSV: {error}") from None
    tidy = [" ".join(cell.split()) for cell in cells]
    if _UNPRINTABLE.search("".join(tidy)):
        raise TableError(file, number, "", "has a control character; remove it")
    return tidy


def _header(cells: list[str], file: str, line: int, needed: str, columns: tuple[str, ...]) -> list[str]:
    """The columns' names; a misspelt one is refused, since an `untill` passed over would never end."""
    names = [cell.lower() for cell in cells]
    unknown = [name for name in names if name not in columns]
    for column in columns:
        near = difflib.get_close_matches(column, unknown, 1, cutoff=0.8)
        if column not in names and near:
            raise TableError(file, line, column, f"no such column; is {near[0]!r} meant?")
        if names.count(column) > 1:
            raise TableError(file, line, column, "the column is there twice")
    if needed not in names:
        raise TableError(file, line, needed, f"no such column; the header is {','.join(columns)}")
    return names
