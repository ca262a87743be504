"""Questions to the operator's tables, answered in a handful of dictionary look-ups whatever their size."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from models.plan import protected_short_numbers
from models.tables import FreePrefix, Tables, TariffRow

Value = TypeVar("Value")


class PrefixMap(Generic[Value]):
    """Values by digit prefix; immutable."""

    def __init__(self, items: Iterable[tuple[str, Value]]) -> None:
        """Args: pairs of digits (a `+` is dropped) and value; the last of equal prefixes is kept."""
        self._values = {prefix.removeprefix("+"): value for prefix, value in items}
        self._sizes = sorted({len(prefix) for prefix in self._values}, reverse=True)

    def longest(self, digits: str) -> Value | None:
        """Return the value of the longest prefix of the digits, None where there is none.

        Example:
            >>> PrefixMap([("33", "France"), ("336", "mobile")]).longest("33612345678")
            'mobile'
        """
        return next(iter(self.all(digits)), None)

    def all(self, digits: str) -> list[Value]:
        """Return the values of all prefixes of the digits, the longest first."""
        digits = digits.removeprefix("+")
        parts = (digits[:size] for size in self._sizes if size <= len(digits))
        return [self._values[part] for part in parts if part in self._values]


class Tariff:
    """What a call should cost (contract, section 4: the longest prefix wins)."""

    def __init__(self, rows: tuple[TariffRow, ...]) -> None:
        self._rows = PrefixMap((row.prefix, row) for row in rows)

    def expected(self, digits: str) -> TariffRow | None:
        """Return the row that prices an international number or prefix, None where no row does."""
        return self._rows.longest(digits)


class FreeList:
    """What is free on purpose, by prefix, plan and time."""

    def __init__(self, rows: tuple[FreePrefix, ...]) -> None:
        by_prefix: dict[str, list[FreePrefix]] = {}
        for row in rows:
            by_prefix.setdefault(row.prefix, []).append(row)
        self._rows = PrefixMap(by_prefix.items())

    def declared(self, digits: str, plan: str, at_ms: int) -> FreePrefix | None:
        """Return the longest row that makes an international number free for a plan at a moment.

        Args:
            digits: E.164 digits, with or without `+`.
            plan: the caller's tariff plan; empty = not known, for which only rows for all plans count.
            at_ms: event time, milliseconds since the epoch.
        """
        rows = (row for rows in self._rows.all(digits) for row in rows)
        return next((row for row in rows if row.plan in {"", plan} and _runs(row, at_ms)), None)


def _runs(row: FreePrefix, at_ms: int) -> bool:
    begun = row.from_ms is None or row.from_ms <= at_ms
    return begun and (row.until_ms is None or at_ms < row.until_ms)


class Protected:
    """What no command may ever touch: the operator's protected numbers, its short codes, emergency numbers.

    Numbers are texts in which the `+` speaks: `333` is the short code, `+333` a prefix in France.
    """

    def __init__(self, tables: Tables, region: str) -> None:
        """Args: `region` is the home region (ISO 3166-1), whose emergency numbers are protected."""
        numbers = [row.number for row in tables.protected]
        self._prefixes = PrefixMap((n, n) for n in numbers if n.startswith("+"))
        self._international = tuple(sorted(n for n in numbers if n.startswith("+")))
        self._local = protected_short_numbers(region).union(
            (row.code for row in tables.short_codes), (n for n in numbers if not n.startswith("+"))
        )

    def covers(self, number: str) -> bool:
        """Return whether a number (`+digits`, or as dialled inside the country) is protected.

        Example:
            >>> protected = Protected(Tables(), "MA")
            >>> protected.covers("112"), protected.covers("+33387654321")
            (True, False)
        """
        if number.startswith("+"):
            return self._prefixes.longest(number) is not None
        return number in self._local

    def under(self, prefix: str) -> tuple[str, ...]:
        """Return the protected numbers and prefixes that lie under an international prefix (`+digits`).

        A block of the prefix has to let these pass.
        """
        return tuple(number for number in self._international if number.startswith(prefix))
