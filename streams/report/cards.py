"""One incident on the page: its cause in words, its figures, its commands."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from models.plan import country_name
from streams.report.case import FREE_SETUPS, LIMIT, SETUPS, TRICKLE, Case
from streams.report.markup import Markup, shown, tag
from streams.report.tables import facts, table
from streams.report.words import COMMANDS, ENDINGS, LEAK, RULES, VERDICTS, amount, at, because, lasting, many, said
from streams.report.worth import UNIT_MAX, Worth

PREFIX_MAX: Final = 10
"""Characters of a prefix that is shown whole; a longer one is nearly a number, and masked like one."""
SOURCES: Final[Mapping[str, str]] = {
    "own": "the mean of those under the target that have ended",
    "file": "the mean of all international calls that were read",
    "assumed": "assumed, as the length of no call is known",
}
DIAGNOSES: Final = {"It may be:": "likely", "The entry opens": "frees", "At risk:": "risks"}
"""Members of a diagnosis (contract, section 3) that are sentences, and how each begins."""
TOLD: Final = frozenset(
    {
        *("free_calls", "payers", "called", "first_ts", "last_ts", "paid_since_first", "free_share_before"),
        *("log10_odds", "expected_rate", "currency", "offsets", "windows", "proving_s"),
    }
)
"""Members of an evidence that a card tells in words of its own, or that are not for people."""
UNNAMED_MAX: Final = 12
STATES: Final = {
    "blocked": "the block stands",
    "limited": "the limit stands",
    "half_open": "the block is half open",
    "held": "waits for a person",
    "shadow": "only shown",
    "block": "the block stands",
    "limit": "the limit stands",
}
"""An incident that has not ended, by its state; by its verdict where nothing more is known of it."""


def target_of(target: dict[str, str], numbers: bool = False) -> str:
    """A target in words, telephone numbers masked.

    >>> target_of({"scope": "prefix", "value": "+333", "switch": "fes-msc-1"})
    'prefix +333, only switch fes-msc-1'
    """
    value, scope = target.get("value", ""), target.get("scope", "")
    whole = numbers or (scope == "prefix" and len(value) <= PREFIX_MAX)
    only = [f"{name} {shown(target[name], numbers=numbers)}" for name in ("switch", "trunk", "plan") if name in target]
    return f"{scope} {shown(value, numbers=whole)}" + (f", only {', '.join(only)}" if only else "")


def card(number: int, case: Case, worth: Worth, within: int | None, numbers: bool) -> Markup:
    """All that is told of one incident; `within` is the number of the one whose block stood on its first calls."""
    kind = case.verdict if case.verdict in VERDICTS else "held"
    heading = tag("h3", f"{number}. {target_of(case.target, numbers)}", _country(case), id=f"incident-{number}")
    chips = tag("p", tag("span", said(VERDICTS, case.verdict), class_=f"chip {kind}"), f" {said(RULES, case.reason)}")
    told = (
        *_cause(case, numbers),
        _around(within),
        _figures(case, worth),
        _lengths(worth),
        *_evidence(case, numbers),
        _commands(case),
    )
    blocks = (heading, chips, *told)
    return tag("article", *blocks, class_=f"card {kind}", aria_labelledby=f"incident-{number}")


def _country(case: Case) -> str:
    name = country_name(case.target["value"]) if case.target.get("value", "").startswith("+") else ""
    return f" · {name}" if name else ""


def _around(within: int | None) -> Markup | None:
    if within is None:
        return None
    number = tag("a", f"incident {within}", href=f"#incident-{within}")
    return tag("p", "The calls of its proof fell under the block of ", number, ", and count there.", class_="soft")


def _cause(case: Case, numbers: bool) -> list[Markup]:
    """What happened in words, why it was decided so, and what mends it."""
    whole = numbers or (case.target.get("scope") == "prefix" and len(case.target.get("value", "")) <= PREFIX_MAX)
    told = [tag("p", _words(case.summary, whole) or _story(case), ".")]
    told.append(tag("p", f"Why {said(VERDICTS, case.verdict)}: {because(case.reason, case.why)}.", class_="soft"))
    if case.diagnosis and case.diagnosis.get("fix"):
        advice = "To mend it: " if case.reason == LEAK else "What to do: "
        told.append(tag("p", tag("strong", advice), _words(case.diagnosis["fix"], whole) + "."))
    for words, name in DIAGNOSES.items():
        if case.diagnosis and case.diagnosis.get(name):
            told.append(tag("p", f"{words} {_words(case.diagnosis[name], whole)}.", class_="soft"))
    return told


def _words(text: object, whole: bool) -> str:
    """A sentence of ours with names of the input in it; the last full stop is the page's."""
    return "" if not text else shown(str(text)[:600], numbers=whole, most=600).removesuffix(".")


def _story(case: Case) -> str:
    """The finding in one sentence where no command has said it."""
    free, payers = case.evidence.get("free_calls"), case.evidence.get("payers")
    if free is not None and payers is not None:
        return f"{many(free, 'call')} of {many(payers, 'payer')} there cost nothing"
    if (window := _proving(case.evidence)) is not None:
        usual = window.get("normal")
        beside = f", where {usual:,.0f} are usual" if isinstance(usual, int | float) else ""
        return f"{many(int(window.get('attempts', 0)), 'attempt')} in {lasting(window['window_s'] * 1000)}{beside}"
    return f"{said(RULES, case.reason)}: {because(case.reason, case.why)}"


def _proving(evidence: dict[str, Any]) -> dict[str, Any] | None:
    """Of a burst's windows the one that proved it."""
    windows, proving = evidence.get("windows"), evidence.get("proving_s")
    found = windows if isinstance(windows, list | tuple) else ()
    return next((w for w in found if isinstance(w, dict) and w.get("window_s") == proving), None)


def _figures(case: Case, worth: Worth) -> Markup:
    burst, limited = not case.priced, int(case.calls[LIMIT, SETUPS])
    blocked = case.to_block_ms
    commanded = None if case.commanded_ms is None else case.commanded_ms - case.first_ms
    return facts(
        (
            ("Proving window began" if burst else "First call", at(case.first_ms)),
            ("Found", at(case.at_ms)),
            ("Time to block", None if blocked is None else lasting(blocked)),
            ("Time to limit", None if blocked is not None or commanded is None else lasting(commanded)),
            *(() if burst else _money(case, worth)),
            ("Calls under the block", f"{worth.attempts_stopped:,}" if burst and case.given["block"] else None),
            ("Calls under a limit", f"{limited:,}" if limited or case.given["limit"] else None),
            ("Came back refused", f"{worth.refused:,}" if worth.refused else None),
            ("Re-armed", case.rearmed or None),
            ("At the end", _ending(case)),
        )
    )


def _money(case: Case, worth: Worth) -> tuple[tuple[str, object], ...]:
    proof = case.proof or case.first
    payers, before = int(proof.get("payers", 0)), int(proof.get("free_calls", 0))
    when = "before the block" if case.proof else "when it was found"
    blocked = case.given["block"] > 0
    half_open = int(case.calls[TRICKLE, FREE_SETUPS])
    return (
        (f"Free calls {when}", f"{before:,}" + (f" of {many(payers, 'payer')}" if payers else "")),
        ("Free calls let through in all", f"{worth.through:,}"),
        ("of those while half open", f"{half_open:,}" if half_open else None),
        ("of those in shadow mode", f"{worth.shadowed:,}" if worth.shadowed else None),
        ("Free calls under the block", f"{worth.stopped:,}" if blocked else None),
        ("Lost", amount(worth.lost, worth.currency)),
        ("Saved by the block", amount(worth.saved, worth.currency) if blocked else None),
        ("Paid calls under the block", f"{worth.paid_stopped:,}" if blocked else None),
        ("Calls without a price under it", f"{worth.other_stopped:,}" if worth.other_stopped else None),
    )


def _lengths(worth: Worth) -> Markup | None:
    """How the money was worked out: how many lengths were known, and what the others got."""
    if worth.lost is None:
        return None
    known = f"{many(worth.measured, 'call')} under the target told how long they were"
    return tag("p", f"Money: {known}; others count {worth.mean_s:g} s each, {SOURCES[worth.source]}.", class_="soft")


def _ending(case: Case) -> str:
    if case.ending:
        return f"{_ended(case.ending)}, {at(case.ended_ms)}"
    return said(STATES, case.state or case.verdict)


def _ended(why: str) -> str:
    return shown(why) if why.startswith("superseded") else said(ENDINGS, why)


def _evidence(case: Case, numbers: bool) -> list[Markup]:
    """The numbers behind the finding, a burst's windows as a table."""
    known = case.proof or case.evidence
    rate, unit = known.get("expected_rate"), shown(known.get("currency") or "", most=UNIT_MAX)
    price = None if rate is None else f"{amount(Decimal(str(rate)), unit)} a minute"
    odds, share = known.get("log10_odds"), known.get("free_share_before")
    named: tuple[tuple[str, object], ...] = (
        ("Odds for a leak", None if odds is None else f"10^{odds:.1f} to 1"),
        ("Price expected there", price),
        ("Free share before", None if share is None else f"{share:.2%}"),
        ("Numbers called", known.get("called")),
        ("Share of the answered calls", _share(case.impact.get("paid_share_1h"))),
        ("Protected numbers that pass", ", ".join(shown(one, numbers=numbers) for one in _passing(case)) or None),
    )
    pairs = (*named, *_unnamed(known))
    told = [tag("details", tag("summary", "Evidence"), facts(pairs))] if any(v is not None for _, v in pairs) else []
    return [*told, *_windows(known)]


def _unnamed(evidence: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Members of the evidence that the card does not tell otherwise, a few of them, as they are."""
    for name in sorted(evidence.keys() - TOLD)[:UNNAMED_MAX]:
        value = evidence[name]
        words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        if value and not isinstance(value, dict):
            yield shown(name.replace("_", " ")), shown(words)


def _share(share: object) -> str | None:
    return f"{share:.2%} in the hour before" if isinstance(share, int | float) else None


def _passing(case: Case) -> list[str]:
    passing = case.impact.get("passing")
    return [str(number) for number in passing] if isinstance(passing, list | tuple) else []


def _windows(evidence: dict[str, Any]) -> list[Markup]:
    windows = evidence.get("windows")
    if not isinstance(windows, list | tuple):
        return []
    heads = ("Window", "#Attempts", "#Usual", "#Answered", "#Other parties", "#Mean duration")
    rows = [
        (
            lasting(int(window.get("window_s", 0)) * 1000),
            f"{window.get('attempts', 0):,}",
            "-" if window.get("normal") is None else f"{window['normal']:,.1f}",
            f"{window.get('answered', 0):,}",
            f"{window.get('others', 0):,}",
            f"{window.get('mean_s', 0.0):.0f} s",
        )
        for window in windows
        if isinstance(window, dict)
    ]
    return [table("What was counted, and what is usual at this hour of the week", heads, rows)]


def _commands(case: Case) -> Markup:
    if not case.listed:
        return tag("p", "No command was given.", class_="soft")
    rows = [
        (at(ms), said(COMMANDS, name), lease, "-" if name == "release" else at(until))
        for ms, name, lease, until, _ in case.listed
    ]
    more = sum(case.given.values()) - len(rows)
    kinds = ", ".join(f"{count:,} {name}" for name, count in sorted(case.given.items()))
    caption = f"Commands: {kinds}" + (f"; {more:,} later ones are not listed" if more else "")
    return table(caption, ("@Given (UTC)", "Command", "#Lease", "@Until, at most"), rows)
