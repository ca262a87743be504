"""How the page's numbers are made, said on the page itself."""

from streams.report.case import FOLLOW_MS
from streams.report.collect import CASES_MAX
from streams.report.markup import Markup, joined, tag
from streams.report.words import lasting, many
from streams.report.worth import ASSUMED_S, ENOUGH

POINTS = (
    "All times are event time (UTC): when things happened at the switch. A decision's time is the newest event read.",
    "Recorded calls were made whatever was decided: free calls under a block are those that began while it stood."
    " “ringfence simulate” plays the refusals as well.",
    "A call is counted once: a price may come at set-up, at the end or both, and the larger count is shown.",
    "Free calls before a finding are those of its proof, and those that began before it and were reported after it.",
    "A call counts for one incident: the one whose block stood on it, else the oldest. Where another incident's block"
    " stood while a proof was gathered, the calls of the proof count there.",
    "Money: the price expected there a minute, times the duration. A call whose end was not read gets the mean of the"
    f" {ENOUGH} or more under the same target that ended unpaid, the unanswered among them, else the mean of all"
    f" international calls that were read, else {ASSUMED_S} s. Lost: calls that began while no block stood. Saved:"
    " calls that began under one.",
    "Calls under a limit or while half open count as let through: how many of them a limit would have refused depends"
    " on who calls again, and that only a closed loop shows.",
    f"Calls are looked for until {lasting(FOLLOW_MS)} after an incident's last news. The first"
    f" {many(CASES_MAX, 'incident')} are told in full, blocked ones before limited, held and shadow ones; more are"
    " counted.",
    "Telephone numbers are masked as in logs; commands.jsonl and findings.jsonl have them whole.",
)
"""One sentence or two for each rule that a reader could ask about."""


def method() -> Markup:
    """The page's last part."""
    return joined(tag("h2", "How these numbers are made"), tag("ul", *(tag("li", point) for point in POINTS)))
