"""A burst in words: one sentence for a person, what it may be, and what to do."""

from collections.abc import Mapping
from typing import Any

from models.findings import Burst, BurstWindow
from models.plan import country_name

_SPANS: Mapping[int, str] = {60: "1 min", 300: "5 min", 3_600: "1 h", 86_400: "24 h"}
_DID: Mapping[str, str] = {
    "caller": "Caller {who} tried {n:,} calls in {span}",
    "account": "Account {who} tried {n:,} calls in {span}",
    "called": "Number {who} was called {n:,} times in {span}",
    "prefix": "{n:,} calls to {who} were tried in {span}",
    "trunk": "{n:,} calls came in by trunk {who} in {span}",
}
_HOW: Mapping[str, str] = {
    "victim_flood": " by {others} callers",
    "wangiri": " to {others} numbers, {answered:,} of them answered",
    "range_sweep": ", one number after the other",
    "unusual": ", and no rule objects",
}
_LIKELY: Mapping[str, tuple[str, str]] = {
    "rate_burst": (
        "a stolen SIM, a hacked exchange, or calls made for their price",
        "ask the subscriber; change the credentials of the line, or close it",
    ),
    "victim_flood": (
        "one number is rung by many callers, or by one again and again",
        "ask the called party; look for what the calls have in common, and at which trunk they come in",
    ),
    "wangiri": (
        "rings that end before anybody answers, to be called back at a high price",
        "warn of calling back; refuse calls back to these numbers",
    ),
    "range_sweep": (
        "numbers are tried in order, to find which are in service or how they are priced",
        "look for answers and prices within the range; ask the subscriber",
    ),
    "unusual": (
        "no single number is too high, but together they are seldom seen",
        "look at its calls: the isolation forest alone limits nobody",
    ),
}
_KEPT, _TAIL = 5, 2
"""Characters of a number that are shown: the country and an operator's range, and enough to know it again."""


def summarise(burst: Burst) -> str:
    """One sentence: which window, how many calls, what was normal.

    A hacked exchange reads: Account acc-17 tried 412 calls in 5 min; 3 are usual at this hour.
    """
    window, subject = burst.evidence.proving, burst.subject
    did = _DID[subject.scope].format(who=_named(burst), n=window.attempts, span=span(window.window_s))
    others = f"{'' if window.exact else 'about '}{window.others:,}"
    how = _HOW.get(burst.rule, "").format(others=others, answered=window.answered)
    limits = (("switch", subject.switch), ("trunk", subject.trunk), ("plan", subject.plan))
    only = "".join(f" on {name} {value}" for name, value in limits if value)
    return f"{did}{how}{only}; {usual(window)}.{_witness(burst)}"


def diagnose(burst: Burst) -> dict[str, Any]:
    """The `diagnosis` of a command: the kind, its numbers, what it may be, what the forest says, and what to do."""
    window = burst.evidence.proving
    likely, fix = _LIKELY.get(burst.rule, _LIKELY["unusual"])
    return {
        "kind": burst.rule,
        "likely": likely,
        "window": span(window.window_s),
        "attempts": window.attempts,
        "usual": window.normal,
        "forest": burst.forest,
        "forest_reasons": dict(burst.reasons),
        "fix": fix,
    }


def usual(window: BurstWindow) -> str:
    """What is normal in a window.

    >>> usual(BurstWindow(300, 412, 9, 9, 9, 0, 31.0, 12, True, 3.04))
    '3 are usual at this hour'
    """
    if window.normal is None:
        return "nothing is known of its usual load"
    number = round(window.normal, 1 if window.normal < 10 else None)
    if not number:
        return "none is usual at this hour"
    return f"{number:,g} {'is' if number == 1 else 'are'} usual at this hour"


def span(window_s: int) -> str:
    """The length of a window.

    >>> span(300), span(7)
    ('5 min', '7 s')
    """
    return _SPANS.get(window_s, f"{window_s} s")


def masked(number: str) -> str:
    """A telephone number that can be known again, but not called.

    >>> masked("+212661234567"), masked("+3361")
    ('+2126…67', '+3…')
    """
    if len(number) <= 2 * _KEPT:
        return number[: len(number) // 2] + "…"
    return f"{number[:_KEPT]}…{number[-_TAIL:]}"


def _named(burst: Burst) -> str:
    scope, value = burst.subject.scope, burst.subject.value
    if scope in ("caller", "called"):
        return masked(value)
    where = country_name(value) if scope == "prefix" else ""
    return f"{value} ({where})" if where else value


def _witness(burst: Burst) -> str:
    """What the forest has to say, where it finds the key unusual."""
    if burst.forest != "agrees":
        return ""
    return f" The isolation forest finds it unusual, most by {burst.reasons[0][0]}."
