"""The report of what was learned, in Markdown: what is proposed, why each question is asked, how to accept."""

from collections.abc import Iterable, Sequence
from typing import Final

from models.learning.proposals import FreePrefix, Learned
from models.learning.sheets import BUNDLES, END_PRICED, FREE_PREFIXES, TEST_ACCOUNTS, plain
from models.learning.slips import day

HOW: Final = {
    FREE_PREFIXES: (
        "Read the questions; take the `#` away from rows that are gifts, delete those that are leaks, and mend these"
        " in the rate table. Then let `[network] free_prefixes` name the file, or add its rows to the file that it"
        " names. As it is, the file accepts only the rows without a question."
    ),
    END_PRICED: (
        "Nothing to set: a zero at set-up of a switch that shows no prices there is no evidence, its releases are."
        " Let its reporter send `rate` at set-up if leaks there shall be found at their first calls."
    ),
    BUNDLES: (
        "Nothing to set: prefixes that were mixed before are judged by who used to pay. Let rating report"
        " `rating_status: allowance` where `declared` is not `yes`."
    ),
    TEST_ACCOUNTS: (
        "Nothing to set: let the reporter send `test: true` for the accounts that test."
        " Alarms and meters call regularly, too, and are no tests."
    ),
}
"""How each file is accepted."""


def report(learned: Learned) -> str:
    """The whole report; the same proposals give the same text."""
    parts = [
        "# What this network's history teaches",
        _told(learned),
        "Nothing below is in force. Every file is a proposal, and no setting refers to it until a person accepts it.",
        *_section("Free prefixes", FREE_PREFIXES, FREE_COLUMNS, free_rows(learned)),
        *_section("Switches that price only at the end", END_PRICED, END_COLUMNS, end_rows(learned)),
        *_section("Plans with bundles", BUNDLES, BUNDLE_COLUMNS, bundle_rows(learned)),
        *_section("Test accounts", TEST_ACCOUNTS, ACCOUNT_COLUMNS, account_rows(learned)),
    ]
    return "\n\n".join(parts) + "\n"


def _told(learned: Learned) -> str:
    lines = [f"{learned.events:,} events"]
    if learned.first_ms is not None and learned.last_ms is not None:
        lines = [f"{lines[0]}, {day(learned.first_ms)} to {day(learned.last_ms)} (all times are UTC)"]
    return "\n".join([lines[0] + ".", *(f"\n- {plain(note)}" for note in learned.notes)])


FREE_COLUMNS = ("prefix", "where", "plan", "switch", "calls", "payers", "first seen", "last seen", "leak or gift?")
END_COLUMNS = ("switch", "set-ups at 0", "set-ups without price", "ends charged", "ends free")
BUNDLE_COLUMNS = ("plan", "to", "where", "calls", "allowance", "free", "paid", "share", "declared")
ACCOUNT_COLUMNS = ("account", "why", "calls", "marked", "numbers", "every s", "first seen", "last seen")


def free_rows(learned: Learned) -> list[Sequence[object]]:
    """The free prefixes as a table."""
    return [
        (
            *(p.prefix, p.country, p.plan or "all", p.switch or "all", p.calls, p.payers),
            *(day(p.first_ms), day(p.last_ms), question(p)),
        )
        for p in learned.free_prefixes
    ]


def question(one: FreePrefix) -> str:
    """What a person must decide about a proposal, in words."""
    if one.known:
        return "freephone by the numbering plan: no row is needed"
    if not one.questions:
        return "a gift, as it seems"
    return "LEAK OR GIFT? " + "; ".join(asked.text for asked in one.questions)


def end_rows(learned: Learned) -> list[Sequence[object]]:
    """The switches as a table."""
    return [(e.switch, e.set_ups_zero, e.set_ups_unrated, e.ends_paid, e.ends_free) for e in learned.end_priced]


def bundle_rows(learned: Learned) -> list[Sequence[object]]:
    """The bundles as a table."""
    return [
        (
            *(b.plan or "(none)", b.destination, b.country, b.calls, b.allowance, b.free, b.paid),
            *(f"{b.share:.1%}", b.declared),
        )
        for b in learned.bundles
    ]


def account_rows(learned: Learned) -> list[Sequence[object]]:
    """The test accounts as a table."""
    return [
        (
            *(a.account, a.why.replace("_", " "), a.calls, a.marked, a.numbers),
            *("" if a.every_s is None else a.every_s, day(a.first_ms), day(a.last_ms)),
        )
        for a in learned.test_accounts
    ]


def _section(title: str, file: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterable[str]:
    yield f"## {title}"
    if not rows:
        yield "None found."
        return
    head = [columns, ["---"] * len(columns)]
    yield "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in [*head, *rows])
    yield f"`{file}`: {HOW[file]}"


def _cell(value: object) -> str:
    """One cell of a Markdown table, nothing in it taken for markup."""
    text = plain(str(value))
    return "".join("\\" + letter if letter in "|<>`*_[]\\" else letter for letter in text)
