"""Reads the operator's tables (contract, section 4) from the files that the configuration names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.tables import (
    TableError,
    Tables,
    parse_free_prefixes,
    parse_protected,
    parse_short_codes,
    parse_tariff,
)
from streams.errors import UsageError
from streams.settings import Settings

PARSERS: dict[str, Callable[[bytes, str], tuple[Any, ...]]] = {
    "short_codes": parse_short_codes,
    "free_prefixes": parse_free_prefixes,
    "tariff": parse_tariff,
    "protected": parse_protected,
}
"""How each table is read; the names are those of `[network]` and of `Tables`."""


def load_tables(settings: Settings) -> Tables:
    """Read every table that is named; one that is not named is empty.

    Raises:
        UsageError: a file that cannot be read, or a broken row (file, line and field).
    """
    return parse(settings, read(settings))


def paths(settings: Settings) -> dict[str, Path]:
    """The files of the tables that are named."""
    found: Mapping[str, Path | None] = {name: getattr(settings.network, name) for name in PARSERS}
    return {name: path for name, path in found.items() if path is not None}


def read(settings: Settings) -> dict[str, bytes]:
    """The bytes of every table that is named.

    Raises:
        UsageError: a file that cannot be read.
    """
    contents = {}
    for name, path in paths(settings).items():
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            raise UsageError(f"[network] {name}: cannot read {path}: {error.strerror}") from None
    return contents


def parse(settings: Settings, contents: Mapping[str, bytes]) -> Tables:
    """The tables that `read` gave the bytes of.

    Raises:
        UsageError: a broken row (file, line and field).
    """
    files = paths(settings)
    try:
        return Tables(**{name: PARSERS[name](content, str(files[name])) for name, content in contents.items()})
    except TableError as error:
        raise UsageError(str(error)) from None
