"""What a closed loop has measured, as a table of the page and of the command line."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.report.markup import Markup, joined, tag
from streams.report.tables import table

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "calls": ("Calls", "that were tried since shortly before the leak"),
    "attempts": ("Attempts", "in the file"),
    "free_calls_through": ("Loss: free calls", "that a leak made free and that got through"),
    "payers_through": ("Loss: payers", "of those calls"),
    "lost": ("Loss: money", "what these calls should have cost"),
    "saved": ("Saved", "what the refused ones of the leak should have cost"),
    "free_calls_before_the_proof": ("Loss: until the proof", "free calls until the first block was given"),
    "free_calls_after_the_proof": ("Loss: after the proving call", "free calls that got through later"),
    "calls_refused": ("Refused calls", "all that a command turned away"),
    "honest_refused": ("Honest refusals", "refused calls that no leak made free"),
    "refused_after_the_mend": ("Refused after the mend", "before anybody's paid call could show that it is mended"),
    "refused_free": ("Refused: free", "of an attempt without a price to pay"),
    "refused_paid": ("Refused: paid", "honest ones, by what the attempt says of its price"),
    "refused_without_a_price": ("Refused: no price", "of which the attempt says nothing"),
    "trickle_calls": ("Trickle", "calls let through while a block was half open"),
    "trickle_free_calls": ("Trickle: free", "of those, free ones: each arms the block again"),
    "calls_under_a_limit": ("Under a limit", "calls let through by a limit that is no half-open block"),
    "rearmed": ("Re-armed", "blocks given again after the first lease"),
    "flapping_cycles": ("Flapping: cycles", "blocks on a key that had been released"),
    "flapping_keys": ("Flapping: keys", "keys with such a cycle"),
    "seconds_to_block": ("Seconds to block", "from the first free call; of a file the middle one"),
    "seconds_from_mend_to_release": ("Seconds from mend to release", "the trickle has to show the mend"),
    "seconds_from_second_payer_to_release": ("Seconds from proof of the mend", "the second payer's paid call"),
}
"""Every measure: what it is called, and what it is."""


def rows_of(loop: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, value and meaning of every measure; one without words is spelled out."""
    for name, value in loop.items():
        called, meaning = MEASURES.get(name, (name.replace("_", " "), ""))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        yield called, "-" if value is None else f"{value:,}" if number else str(value), meaning


def measured(loop: Mapping[str, Any]) -> Markup:
    """The measures and what each means; nothing for a backtest."""
    if not loop:
        return joined()
    heads = ("What", "#Value", "Meaning")
    return joined(
        tag("h2", "The closed loop"), table("What was measured while refusals were obeyed", heads, rows_of(loop))
    )
