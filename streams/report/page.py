"""`report.html`: what a backtest or a simulation tells a fraud manager, in one file that needs nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.report import svg
from streams.report.cards import card, target_of
from streams.report.case import Case
from streams.report.collect import CALLS, FREE, REFUSED_CALLS, Collector
from streams.report.loop import measured
from streams.report.markup import Markup, joined, shown, tag, void
from streams.report.method import method
from streams.report.scores import ODDS_LEAST, ODDS_MOST, SCORE_BINS, VERDICTS
from streams.report.tables import facts, figure, legend, table, tiles
from streams.report.words import RULES, amount, at, because, lasting, many, said
from streams.report.words import VERDICTS as VERDICT_WORDS
from streams.report.worth import Worth, worth_of

CSS: Final = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""The page may load nothing at all, whatever is written in it."""


class Told(NamedTuple):
    """An incident with its number on the page, and what it cost."""

    number: int
    case: Case
    worth: Worth


def page_of(
    story: Collector, title: str, summary: Mapping[str, int], loop: Mapping[str, Any], *, numbers: bool = False
) -> str:
    """The page: the same story gives the same bytes.

    Args:
        story: what was collected.
        title: what was read or played.
        summary: as in `summary.json`.
        loop: what a closed loop has measured (`streams.report.loop`); empty for a backtest.
        numbers: leave telephone numbers whole.
    """
    story.flush()
    cases = sorted(story.cases.values(), key=lambda case: (case.at_ms, case.after, case.id))
    told = [Told(n, case, worth_of(case, story.ended, story.ended_ms)) for n, case in enumerate(cases, 1)]
    body = (
        _head(story, title, told),
        _timeline(story, told),
        measured(loop),
        _incidents(story, told, numbers),
        _held(told, numbers),
        _rejected(story, numbers),
        _impact(told, numbers),
        _scores(story),
        _read(summary),
        method(),
    )
    head = (
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"Ringfence: {shown(title)}"),
        tag("style", Markup(CSS)),
    )
    return "<!doctype html>\n" + tag("html", tag("head", *head), tag("body", tag("main", *body)), lang="en") + "\n"


def _head(story: Collector, title: str, told: Sequence[Told]) -> Markup:
    bins, blocked = story.bins, [one for one in told if one.case.given["block"]]
    span = f"{at(bins.begin_ms)} to {at(bins.end_ms)} UTC" if story.calls[CALLS] else "no calls"
    found = Counter(one.case.verdict for one in told)
    return joined(
        tag("h1", shown(title)),
        tag("p", f"{span} · {many(int(story.calls[CALLS]), 'call')} · event time throughout", class_="soft"),
        tag("p", _sentence(told, blocked, found, story), class_="lead"),
        tiles(_tiles(told, blocked)),
    )


def _sentence(told: Sequence[Told], blocked: Sequence[Told], found: Counter[str], story: Collector) -> str:
    """The whole report in two sentences."""
    if not told:
        return "Nothing was found that asks for a command or a person."
    kinds = ", ".join(f"{found[verdict]:,} {said(VERDICT_WORDS, verdict)}" for verdict in VERDICTS if found[verdict])
    more = sum(story.others.values())
    first = f"{many(len(told) + more, 'incident')}: {kinds}" + (f", and {more:,} counted below." if more else ".")
    paid = sum(one.worth.paid_stopped for one in blocked)
    if not blocked:
        return f"{first} Nothing was blocked."
    return f"{first} Under the blocks fell {many(paid, 'call')} that would have paid."


def _tiles(told: Sequence[Told], blocked: Sequence[Told]) -> list[tuple[str, str, str]]:
    times = sorted(ms for one in blocked if (ms := one.case.to_block_ms) is not None)
    paid = sum(one.worth.paid_stopped for one in blocked)
    through = sum(one.worth.through for one in told)
    milder = [(verdict, sum(one.case.verdict == verdict for one in told)) for verdict in ("limit", "held")]
    found = [
        (f"{len(blocked):,}", "incidents blocked", ""),
        *((f"{count:,}", f"incidents {said(VERDICT_WORDS, verdict)}", "") for verdict, count in milder if count),
        (lasting(times[len(times) // 2]) if times else "-", "time to block (median)", ""),
        (f"{through:,}", "free calls let through", "bad" if through else ""),
        (f"{sum(one.worth.stopped for one in told):,}", "free calls under a block", "fine"),
        (f"{paid:,}", "paid calls under a block", "bad" if paid else "fine"),
    ]
    for currency, (lost, saved) in sorted(_money(told).items()):
        unit = f" ({shown(currency)})" if currency else ""
        found += [(amount(lost), f"lost{unit}", ""), (amount(saved), f"saved by blocks{unit}", "fine")]
    return found


def _money(told: Sequence[Told]) -> dict[str, tuple[Decimal, Decimal]]:
    """Lost and saved by currency."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for one in told:
        if one.worth.lost is not None and one.worth.saved is not None:
            lost, saved = sums.get(one.worth.currency, (Decimal(0), Decimal(0)))
            sums[one.worth.currency] = lost + one.worth.lost, saved + one.worth.saved
    return sums


def _timeline(story: Collector, told: Sequence[Told]) -> Markup:
    if not story.calls[CALLS]:
        return joined()
    bins, width = story.bins, lasting(story.bins.width_ms)
    panels = [svg.Series(f"Calls in {width}", "calls", bins.counts[CALLS])]
    if story.calls[FREE]:
        panels.append(svg.Series(f"International calls rated free in {width}", "free", bins.counts[FREE]))
    if story.calls[REFUSED_CALLS]:
        panels.append(svg.Series(f"Calls refused by our commands in {width}", "refused", bins.counts[REFUSED_CALLS]))
    commands = ", ".join(f"{count:,} {name}" for name, count in sorted(story.commands.items())) or "none"
    sizes = f"{many(int(story.calls[CALLS]), 'call')}, {int(story.calls[FREE]):,} of them free"
    text = f"{sizes}, from {at(bins.begin_ms)} to {at(bins.end_ms)} UTC. Commands: {commands}."
    lanes = [(f"#{one.number}", one.case) for one in told]
    chart = svg.timeline(bins, panels, lanes, text)
    keys = [("block", "block stands"), ("trickle", "half open"), ("limit", "limit"), ("shadow", "shadow mode")]
    told_below = any(case.spans for _, case in lanes)
    words = f"Commands: {commands}." + (" Rows below the curves are incidents." if told_below else "")
    under = joined(legend(keys) if told_below else None, tag("p", words, class_="soft"))
    return joined(tag("h2", "What happened, and when"), figure(chart, under))


def _incidents(story: Collector, told: Sequence[Told], numbers: bool) -> Markup:
    if not told:
        return joined()
    rows = [
        (
            tag("a", f"{one.number}", href=f"#incident-{one.number}"),
            target_of(one.case.target, numbers),
            said(RULES, one.case.reason),
            said(VERDICT_WORDS, one.case.verdict),
            at(one.case.first_ms),
            lasting(one.case.to_block_ms),
            f"{one.worth.through:,}",
            amount(one.worth.lost, one.worth.currency) if one.case.priced else "-",
            amount(one.worth.saved, one.worth.currency) if one.case.priced else "-",
        )
        for one in told
    ]
    heads = (
        "#",
        "Target",
        "What",
        "Verdict",
        "@First call (UTC)",
        "#To block",
        "#Free, let through",
        "#Lost",
        "#Saved",
    )
    parts = [tag("h2", "Incidents"), table("All incidents that are told in full", heads, rows)]
    places = {one.case.id: one.number for one in told}
    parts += [card(one.number, one.case, one.worth, places.get(one.case.within or ""), numbers) for one in told]
    if story.others:
        more = [(said(RULES, r), said(VERDICT_WORDS, v), f"{n:,}") for (r, v), n in sorted(story.others.items())]
        parts.append(table("Further incidents, counted only", ("What", "Verdict", "#Incidents"), more))
    return joined(*parts)


def _held(told: Sequence[Told], numbers: bool) -> Markup:
    held = [one for one in told if one.case.held and not one.case.ending]
    if not held:
        return joined()
    rows = [
        (
            tag("a", f"{one.number}", href=f"#incident-{one.number}"),
            target_of(one.case.target, numbers),
            because(one.case.reason, one.case.held),
            at(one.case.at_ms),
        )
        for one in held
    ]
    words = "What the evidence or a budget leaves to a person: nothing was commanded until somebody approves it."
    heads = ("#", "Target", "Why it waits", "@Since (UTC)")
    return joined(tag("h2", "Held, and why"), tag("p", words), table("Incidents that wait for a person", heads, rows))


def _rejected(story: Collector, numbers: bool) -> Markup:
    if not story.rejected:
        return joined()
    ordered = sorted(story.rejected.items(), key=lambda item: (-item[1].findings, item[0]))
    rows = [
        (
            said(RULES, reason) or "others",
            because(reason, why),
            f"{found.findings:,}",
            target_of(found.example, numbers),
        )
        for (reason, why), found in ordered
    ]
    heads = ("What", "Why it was rejected", "#Findings", "The first was at")
    words = "Looked at, and not believed. Each is a line of findings.jsonl."
    return joined(tag("h2", "Rejected, and why"), tag("p", words), table("Rejected findings by reason", heads, rows))


def _impact(told: Sequence[Told], numbers: bool) -> Markup:
    """What the blocks would have done to calls that paid."""
    rows = [
        (
            tag("a", f"{one.number}", href=f"#incident-{one.number}"),
            target_of(one.case.target, numbers),
            f"{one.worth.attempts_stopped:,}",
            f"{one.worth.stopped:,}",
            f"{one.worth.paid_stopped:,}",
            f"{one.worth.other_stopped:,}",
        )
        for one in told
        if one.case.given["block"]
    ]
    if not rows:
        return joined()
    words = (
        "Calls that began while a block stood on their target would have been refused. Those with a price are honest"
        " ones; after a mend the first of them are what ends the block, for nothing else can show that it is mended."
    )
    heads = ("#", "Target", "#Calls under the block", "#Free", "#Paid", "#Without a price")
    return joined(tag("h2", "Honest impact"), tag("p", words), table("Calls under blocks, by price", heads, rows))


def _scores(story: Collector) -> Markup:
    odds, forest = story.scores
    parts = []
    if odds:
        places = [(power, _power(power)) for power in range(ODDS_LEAST, ODDS_MOST + 1)]
        grades = (("limit", story.limit_log10), ("block", story.block_log10))
        marks = [(least - ODDS_LEAST, f"{grade} from here") for grade, least in grades]
        title = "Findings by the power of ten of their odds"
        parts.append(_chart(odds, places, marks, title))
    if forest:
        places = [(b, f"{b / SCORE_BINS:.1f}" if b % 4 == 0 else "") for b in range(SCORE_BINS)]
        parts.append(_chart(forest, places, [], "Findings by the forest's score"))
    return joined(tag("h2", "How sure"), *parts) if parts else joined()


def _power(power: int) -> str:
    return "<0" if power == ODDS_LEAST else f"{power}+" if power == ODDS_MOST else str(power)


def _chart(
    counts: Counter[tuple[str, int]],
    places: Sequence[tuple[int, str]],
    marks: Sequence[tuple[float, str]],
    title: str,
) -> Markup:
    verdicts = [verdict for verdict in VERDICTS if any(of == verdict for of, _ in counts)]
    sums = {verdict: sum(n for (of, _), n in counts.items() if of == verdict) for verdict in verdicts}
    text = ", ".join(f"{sums[verdict]:,} {said(VERDICT_WORDS, verdict)}" for verdict in verdicts) + "."
    chart = svg.stacked(counts, verdicts, places, marks, title, text)
    rows = [
        (label or f"from {place / SCORE_BINS:.2f}", *(f"{counts[verdict, place]:,}" for verdict in verdicts))
        for place, label in places
        if any(counts[verdict, place] for verdict in verdicts)
    ]
    heads = ("Score", *(f"#{said(VERDICT_WORDS, verdict)}" for verdict in verdicts))
    same = tag("details", tag("summary", "The same as a table"), table(title, heads, rows))
    keys = legend([(verdict, said(VERDICT_WORDS, verdict)) for verdict in verdicts])
    return joined(tag("p", f"{title}."), figure(chart, keys), same)


def _read(summary: Mapping[str, int]) -> Markup:
    if not summary:
        return joined()
    pairs = [(name.replace("_", " "), f"{count:,}") for name, count in sorted(summary.items())]
    return joined(tag("h2", "What was read"), facts(pairs))
