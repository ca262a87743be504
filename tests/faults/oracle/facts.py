"""What the oracle is told: the log's records, the network's own facts, and the settings that matter."""

from dataclasses import dataclass, field
from typing import NamedTuple


class AmbiguousError(Exception):
    """Traffic whose outcome depends on how partitions are interleaved: a test must not be planned so."""


class Record(NamedTuple):
    """A record of `signalling.events`."""

    partition: int
    offset: int
    key: bytes | None
    append_ms: int
    value: bytes | None


class Free(NamedTuple):
    """A row of the list of prefixes that are free on purpose; `prefix` is digits, an empty plan is every plan."""

    prefix: str
    plan: str = ""
    from_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True)
class Facts:
    """The network, its tables, and settings; times in ms, prefixes and codes in digits, rates as decimal text."""

    home: str = "212"
    home_prefixes: tuple[str, ...] = ()
    international_prefix: str = "00"
    national_prefix: str = "0"
    national_lengths: tuple[int, int] = (9, 9)
    """Digits of the shortest and the longest national number of the home country."""
    short_codes: frozenset[str] = frozenset()
    free: tuple[Free, ...] = ()
    tariff: dict[str, str] = field(default_factory=dict)
    lateness_ms: int = 600_000
    price_evidence_ms: int = 86_400_000
    payer: str = "account"
    mode: str = "enforce"
    enough: int = 300
    block_log10: float = 6.0
    limit_log10: float = 3.0
