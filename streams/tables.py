"""Reads the operator's tables (contract, section 4) from the files that the configuration names."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

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

Row = TypeVar("Row")


def load_tables(settings: Settings) -> Tables:
    """Read every table that is named; one that is not named is empty.

    Raises:
        UsageError: a file that cannot be read, or a broken row (file, line and field).
    """
    network = settings.network
    return Tables(
        short_codes=_table(network.short_codes, "short_codes", parse_short_codes),
        free_prefixes=_table(network.free_prefixes, "free_prefixes", parse_free_prefixes),
        tariff=_table(network.tariff, "tariff", parse_tariff),
        protected=_table(network.protected, "protected", parse_protected),
    )


def _table(path: Path | None, setting: str, parse: Callable[[bytes, str], tuple[Row, ...]]) -> tuple[Row, ...]:
    if path is None:
        return ()
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"[network] {setting}: cannot read {path}: {error.strerror}") from None
    except TableError as error:
        raise UsageError(str(error)) from None
