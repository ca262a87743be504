"""What must be true of a played scenario (issue 6, acceptance 1): each check gives its faults as sentences."""

from collections.abc import Iterator

from scenarios.playing import Ordered, Placed, Played
from scenarios.scenario import NEVER_MS, Leak
from scenarios.world import HOUR_MS, MINUTE_MS

COVERED_SHARE = 0.95
BUSY_AN_HOUR = 60
END_MS = 15 * MINUTE_MS
"""From the second payer's paid call to the end of the last lease."""


def faults(played: Played) -> list[str]:
    """All that is wrong, a sentence each."""
    found = list(refusals(played))
    for leak in played.scenario.leaks:
        if leak.verdict == "held":
            found += held(played, leak)
        else:
            found += [*blocked(played, leak), *covered(played, leak), *ended(played, leak)]
    return found


def blocked(played: Played, leak: Leak) -> Iterator[str]:
    """It is blocked at its exact prefix and scope before the event that shows the call of one payer too many free."""
    block = first_block(played, leak)
    if block is None:
        yield f"{leak.key}: no block; given {_story(played)}"
        return
    late = shown_free(played, leak)[leak.before_payer - 1 : leak.before_payer]
    if late and block.after >= late[0].shown:
        yield f"{leak.key}: blocked after line {block.after}, payer {leak.before_payer} was shown by {late[0].shown}"
    diagnosed = block.command.diagnosis or {}
    if leak.entry and diagnosed.get("entry") != leak.entry:
        yield f"{leak.key}: the diagnosis names {diagnosed.get('entry')}, the entry is {leak.entry}"


def held(played: Played, leak: Leak) -> Iterator[str]:
    """A person is told of it, and nothing is commanded."""
    told = {(_key(line), str(line["verdict"])) for _, line in played.findings}
    if (leak.key, "held") not in told:
        yield f"{leak.key}: not held; told of {sorted(told)}"
    if played.orders:
        yield f"{leak.key}: held, yet given {_story(played)}"


def covered(played: Played, leak: Leak) -> Iterator[str]:
    """Of a busy leak's free attempts after its block nearly all fall inside a lease."""
    block = first_block(played, leak)
    if block is None:
        return
    later = [one for one in played.placed if one.leak == leak and one.call.at_ms > block.at_ms]
    span_ms = min(leak.mend_ms, played.placed[-1].call.at_ms) - block.at_ms
    if span_ms <= 0 or len(later) * HOUR_MS < BUSY_AN_HOUR * span_ms:
        return
    inside = sum(one.leased for one in later)
    if inside < COVERED_SHARE * len(later):
        yield f"{leak.key}: {inside} of {len(later)} later free attempts inside a lease"


def refusals(played: Played) -> Iterator[str]:
    """No call is refused that was not free under a leak; after a mend those are counted apart."""
    for one in played.placed:
        if one.refused and one.leak is None and mended_over(played, one) is None:
            call = one.call
            minutes = (call.at_ms - played.placed[0].call.at_ms) / MINUTE_MS
            yield f"refused at minute {minutes:.1f}: {call.called} by {call.by.switch}/{call.by.plan}/{call.trunk}"


def commanded(played: Played) -> Iterator[str]:
    """Nothing at all is commanded: for days on which nothing leaks."""
    if played.orders:
        yield f"given {_story(played)}"


def refused_after_mend(played: Played) -> int:
    """Calls that were refused between a mend and the end of the last lease."""
    return sum(one.refused and one.leak is None and mended_over(played, one) is not None for one in played.placed)


def mended_over(played: Played, one: Placed) -> Leak | None:
    """The mended leak whose block a call may still meet."""
    call = one.call
    for leak in played.scenario.leaks:
        if leak.over(call) and leak.mend_ms <= call.at_ms and call.at_ms <= _last_end(played, leak):
            return leak
    return None


def ended(played: Played, leak: Leak) -> Iterator[str]:
    """A mended leak's lease ends in time, and nothing is given any more until it breaks again."""
    if leak.mend_ms == NEVER_MS:
        return
    payers = shown_paid(played, leak)
    if len(payers) < 2:
        yield f"{leak.key}: no two payers paid after the mend: the scenario shows nothing"
        return
    due_ms = payers[1].shown_ms + END_MS
    end_ms = _last_end(played, leak)
    if end_ms > due_ms:
        minutes = (end_ms - payers[1].shown_ms) / MINUTE_MS
        yield f"{leak.key}: in force until {minutes:.1f} min after the second payer's paid call; {_story(played)}"


def first_block(played: Played, leak: Leak) -> Ordered | None:
    """The first block at its exact key since it leaks."""
    found = (one for one in played.orders if one.key == leak.key and one.command.action == "block")
    return next((one for one in found if leak.begin_ms <= one.at_ms < _next_begin(played, leak)), None)


def shown_free(played: Played, leak: Leak) -> list[Placed]:
    """Of every payer the call that was first shown free under a leak, in the order of showing."""
    return _first_of_payers(one for one in played.placed if one.leak == leak)


def shown_paid(played: Played, leak: Leak) -> list[Placed]:
    """Of every payer the call that was first shown paid after a leak's mend, in the order of showing."""
    end_ms = _next_begin(played, leak)
    return _first_of_payers(
        one for one in played.placed if leak.over(one.call) and leak.mend_ms <= one.call.at_ms < end_ms
    )


def _first_of_payers(found: Iterator[Placed]) -> list[Placed]:
    payers: dict[str, Placed] = {}
    for one in sorted((one for one in found if one.shown), key=lambda one: one.shown):
        payers.setdefault(one.call.by.account, one)
    return list(payers.values())


def _next_begin(played: Played, leak: Leak) -> int:
    """When the same row is entered wrongly again."""
    later = (other.begin_ms for other in played.scenario.leaks if other.key == leak.key)
    return min((begin for begin in later if begin > leak.begin_ms), default=NEVER_MS)


def _last_end(played: Played, leak: Leak) -> int:
    """When the last lease over a leak's calls ends, of those that were given before it breaks again."""
    ends: dict[str, int] = {}
    others = {other.key for other in played.scenario.leaks} - {leak.key}
    for one in played.orders:
        related = one.command.target.value.startswith(leak.value) or leak.value.startswith(one.command.target.value)
        if related and one.key not in others and leak.begin_ms <= one.at_ms < _next_begin(played, leak):
            ends[one.key] = one.command.expires_at if one.holds else one.at_ms
    return max(ends.values(), default=0)


def _key(line: dict[str, object]) -> str:
    subject = line["target"]
    places = ((name, getattr(subject, name)) for name in ("switch", "trunk", "plan"))
    return f"{subject.scope}:{subject.value}" + "".join(f"@{name}={value}" for name, value in places if value)


def _story(played: Played) -> list[str]:
    return [f"{one.command.action} {one.key} after {one.after}" for one in played.orders]
