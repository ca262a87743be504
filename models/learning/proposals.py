"""What learning proposes, as plain frozen values; every name is spelled out, every time is ms since the epoch."""

import msgspec


class Question(msgspec.Struct, frozen=True):
    """Why a person must say whether free calls are a leak or a gift."""

    kind: str
    """short_code | was_paid | ended | inside_paid | one_switch | tariff | little_seen | bad_name."""
    text: str


class FreePrefix(msgspec.Struct, frozen=True):
    """Calls to a prefix that were free throughout a stretch of the history."""

    prefix: str
    """`+digits`, all that the free numbers share."""
    country: str
    plan: str
    """The one plan that they are free for; empty = all."""
    switch: str
    """The one switch that they are free on; empty = all."""
    single: bool
    """All went to one number."""
    calls: int
    payers: int
    """At least so many."""
    first_ms: int
    last_ms: int
    paid_before: int
    paid_after: int
    questions: tuple[Question, ...] = ()
    known: bool = False
    """Freephone by the numbering plan: never taken for a leak, no row is needed."""


class EndPriced(msgspec.Struct, frozen=True):
    """A switch that shows no price at set-up and charges at release."""

    switch: str
    set_ups_zero: int
    set_ups_unrated: int
    ends_paid: int
    ends_free: int


class Bundle(msgspec.Struct, frozen=True):
    """A plan some of whose calls to a destination cost its customers nothing."""

    plan: str
    destination: str
    country: str
    calls: int
    allowance: int
    free: int
    paid: int
    share: float
    """Of its calls there, those that were free or allowed."""
    declared: str
    """yes: all came as `allowance`; no: all as free; partly."""
    first_ms: int
    last_ms: int


class TestAccount(msgspec.Struct, frozen=True):
    """An account that tests, or behaves so."""

    account: str
    why: str
    """marked: all its calls are; partly_marked; regular: few numbers, at regular intervals."""
    calls: int
    marked: int
    numbers: int
    every_s: float | None
    """The usual interval between its calls where that is regular."""
    first_ms: int
    last_ms: int


class Learned(msgspec.Struct, frozen=True):
    """All proposals, and what bounds they were found within."""

    free_prefixes: tuple[FreePrefix, ...]
    end_priced: tuple[EndPriced, ...]
    bundles: tuple[Bundle, ...]
    test_accounts: tuple[TestAccount, ...]
    events: int
    first_ms: int | None
    last_ms: int | None
    notes: tuple[str, ...]
