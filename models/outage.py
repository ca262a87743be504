"""A rating system that is down: what turns free everywhere at once is no leak (design, section 5).

Leaks of different calling codes are found by different owners; only the decider, who reads them all, can see that they
turned together. Everything here follows from the findings that it takes: no clock, no tables.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from models.commands import incident_id
from models.failing import Failing, Share
from models.findings import Leak, Subject
from models.outage_incident import NO_CHANGE, Change, Evidence, Outage
from models.policy import MINUTE_MS
from models.targets import switch_key

CODES_MIN = 3
"""Unrelated calling codes, that is different ones, that turn free together (design, section 5)."""
UNEXPLAINED_MIN = 2
"""How many of them no entry of the operator's tables may explain: beside two rows that are named, a third is a slip."""
WITHIN_MS = 10 * MINUTE_MS
"""How far apart they may turn: as much as events may be late, so that no order of arrival hides an outage."""
QUIET_MS = 10 * MINUTE_MS
"""An outage of which nothing was seen for this long has ended, or sleeps: its next free call wakes it."""
TURNED_MAX = 500
"""Targets that are remembered; the longest unseen are forgotten first."""
KEEP_MS = 24 * 60 * MINUTE_MS
"""How long a target is remembered that nobody called for nothing: beyond, it turns anew."""
NAMELESS = "unknown"
"""The one switch of a network that names none."""
STATE_VERSION = 1

Cause = Literal["unrelated_codes", "failed_ratings"]


class Turned(msgspec.Struct):
    """A target that turned free some time in [first_ts, proved_ts] (ms, event time); `seen_at` is the log's time.

    `changed` says whether it was paid before; `explained`, whether an entry of the operator's tables is its cause.
    """

    key: str
    code: str
    first_ts: int
    proved_ts: int
    seen_at: int
    switches: tuple[str, ...]
    changed: bool
    explained: bool
    mended: bool = False


class Outages:
    """What is free on which switch, and the outage that stands, one at most: switches that turn beside it join it."""

    def __init__(self) -> None:
        self._turned: dict[str, Turned] = {}
        self._down: dict[str, int] = {}  # when too many ratings were seen to fail (ms); 0 = codes are free
        self._failing = Failing()
        self._outage: Outage | None = None

    def knows(self, incident: str) -> bool:
        """Whether this is the id of the outage that stands, or of the last one."""
        return self._outage is not None and self._outage.id == incident

    def holds(self, leak: Leak) -> bool:
        """Whether a leak proves nothing while rating is down: it was seen on a switch that is, or turned beside it."""
        return leak.grade != "rejected" and bool(self._down) and (self._is_down(leak) or self._is_beside(leak))

    def doubts(self, leak: Leak) -> bool:
        """Whether a leak that led to a command turned free with the outage, and not long before it."""
        return self.holds(leak) and self._since(leak) >= -WITHIN_MS

    def note(self, key: str, leak: Leak, at_ms: int, replaced: Sequence[str] = ()) -> Change:
        """Take a leak on a target at the log's time: one of a switch that is down, or one that was paid before.

        `replaced` are the keys of the targets that it takes the place of.
        """
        for gone in replaced:
            self._turned.pop(gone, None)
        if not (_turns(leak) or (self._is_down(leak) and leak.grade != "rejected")):
            return NO_CHANGE
        self._remember(key, leak, at_ms)
        groups = {s: self._together(s, at_ms) for s in _switches(leak) if s not in self._down}
        opened = {switch: group for switch, group in groups.items() if group}
        for switch in opened:
            self._down[switch] = 0
        if opened or self._adds(leak):
            return self._show("unrelated_codes", [turned for group in opened.values() for turned in group], at_ms)
        return NO_CHANGE

    def tell(self, stream: str, ratings: Sequence[tuple[int, str, int, int]], at_ms: int) -> Change:
        """Take what a stream told of its ratings: minute, switch, rated, failed."""
        failing = self._failing.tell(stream, ratings)
        for share in failing:
            if self._down.get(share.switch, at_ms):
                self._down[share.switch] = at_ms
        return self._show("failed_ratings", (), at_ms, failing) if failing else NO_CHANGE

    def mend(self, key: str, at_ms: int) -> Change:
        """Calls to a target are paid again: a switch of which no code is free any more is up."""
        if (turned := self._turned.get(key)) is None:
            return NO_CHANGE
        turned.mended = True
        free = (switch for switch in turned.switches if self._down.get(switch) or self._free(switch, at_ms))
        return self._lift(set(turned.switches).difference(free), "mended", at_ms)

    def pass_time(self, at_ms: int) -> Change:
        """Let time end what nobody has seen for long."""
        return self._lift({switch for switch in self._down if self._ends_at(switch) <= at_ms}, "quiet", at_ms)

    def next_deadline(self) -> int | None:
        """When time alone ends something that shows."""
        return min(map(self._ends_at, self._down), default=None)

    def _is_down(self, leak: Leak) -> bool:
        return any(switch in self._down for switch in _switches(leak))

    def _adds(self, leak: Leak) -> bool:
        """Whether a leak of a switch that is down is of a calling code that the outage does not name yet."""
        known = () if self._outage is None else self._outage.evidence.codes
        return self._is_down(leak) and leak.code not in known

    def _since(self, leak: Leak) -> int:
        """How long (ms) after the outage a leak turned free; below 0 before it."""
        return 0 if self._outage is None else leak.evidence.first_ts - self._outage.evidence.first_ts

    def _is_beside(self, leak: Leak) -> bool:
        """Whether a leak of another switch turned free with the outage: in one of its codes, or as it began.

        So a switch with little traffic does not have to show three codes of its own. What an entry of the operator's
        tables explains in another code is a leak there.
        """
        if self._outage is None or self._since(leak) < -WITHIN_MS:
            return False
        as_it_began = leak.entry is None and self._since(leak) <= WITHIN_MS
        return as_it_began or leak.code in self._outage.evidence.codes

    def _remember(self, key: str, leak: Leak, at_ms: int) -> None:
        """Note that a target is free: it has turned anew where it was mended, or not seen for long."""
        evidence, known = leak.evidence, self._turned.pop(key, None)
        first_ts, proved_ts = evidence.first_ts, evidence.last_ts
        if known is not None and known.first_ts == first_ts and known.seen_at > at_ms - KEEP_MS:
            proved_ts = known.proved_ts
        how = _switches(leak), _turns(leak), leak.entry is not None
        self._turned[key] = Turned(key, leak.code, first_ts, proved_ts, at_ms, *how)
        if len(self._turned) > TURNED_MAX:
            del self._turned[next(iter(self._turned))]

    def _free(self, switch: str, at_ms: int) -> list[Turned]:
        """The targets that are free on a switch: nobody was seen to pay there since."""
        since = at_ms - KEEP_MS
        found = (turned for turned in self._turned.values() if not turned.mended and turned.seen_at > since)
        return [turned for turned in found if switch in turned.switches]

    def _together(self, switch: str, at_ms: int) -> list[Turned]:
        """The targets of enough calling codes that may have turned within `WITHIN_MS` on a switch; else none."""
        free = [turned for turned in self._free(switch, at_ms) if turned.changed]
        for last in sorted({turned.proved_ts for turned in free}):
            group = [turned for turned in free if turned.proved_ts >= last and turned.first_ts <= last + WITHIN_MS]
            codes = {turned.code for turned in group}
            unexplained = {turned.code for turned in group if not turned.explained}
            if len(codes) >= CODES_MIN and len(unexplained) >= UNEXPLAINED_MIN:
                return group
        return []

    def _ends_at(self, switch: str) -> int:
        """When a switch is up if nothing more is seen.

        Where so many codes are mended that the others are too few for an outage, those others are leaks that it hid: it
        is over when the mended ones have stayed so for a while.
        """
        if failed_at := self._down[switch]:
            return failed_at + QUIET_MS
        here = [turned for turned in self._turned.values() if switch in turned.switches]
        free = [turned for turned in here if not turned.mended]
        if len({turned.code for turned in free}) < CODES_MIN:
            free = [turned for turned in here if turned.mended]
        return max((turned.seen_at + QUIET_MS for turned in free), default=0)

    def _show(self, why: Cause, group: Sequence[Turned], at_ms: int, failing: Sequence[Share] = ()) -> Change:
        """The outage with what is known now: a new one where none stands."""
        outage, found = self._outage, self._evidence(group, at_ms, failing)
        if outage is None or outage.state != "held":
            key = switch_key(found.switches[0])
            made, target = incident_id(key, found.first_ts), Subject("switch", found.switches[0])
            self._outage = Outage(made, key, target, why, at_ms, at_ms, found)
            return Change(self._outage, began=True)
        grown = _joined(outage.evidence, found)
        if (grown.codes, grown.switches) == (outage.evidence.codes, outage.evidence.switches):
            return NO_CHANGE
        outage.evidence, outage.updated_at = grown, at_ms
        return Change(outage)

    def _evidence(self, group: Sequence[Turned], at_ms: int, failing: Sequence[Share]) -> Evidence:
        """What shows the outage: targets that turned together, or shares; it began with the first of them."""
        free = list({turned.key: turned for switch in self._down for turned in self._free(switch, at_ms)}.values())
        minutes = [share.minute * MINUTE_MS for share in failing]
        last_ts = max([turned.proved_ts for turned in free] + minutes)
        return Evidence(
            first_ts=min([turned.first_ts for turned in group] + minutes, default=last_ts),
            last_ts=last_ts,
            switches=tuple(self._down),
            codes=tuple(sorted({turned.code for turned in free})),
            failed=sum(share.failed for share in failing),
            rated=sum(share.rated for share in failing),
        )

    def _lift(self, switches: set[str], why: str, at_ms: int) -> Change:
        """Switches are up again; with the last one the outage is over."""
        gone = [switch for switch in self._down if switch in switches]
        for switch in gone:
            del self._down[switch]
        if not gone or self._down or self._outage is None:
            return NO_CHANGE
        self._outage.state, self._outage.why, self._outage.updated_at = "released", why, at_ms
        return Change(self._outage)

    def snapshot(self) -> dict[str, Any]:
        """The state as plain versioned values."""
        return {
            "v": STATE_VERSION,
            "turned": [msgspec.to_builtins(turned) for turned in self._turned.values()],
            "down": list(self._down.items()),
            "failing": self._failing.snapshot(),
            "outage": None if self._outage is None else msgspec.to_builtins(self._outage),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Outages":
        """The outages that `snapshot` described.

        Raises:
            ValueError: the state is of another version.
        """
        if state.get("v") != STATE_VERSION:
            raise ValueError(f"outage state of version {state.get('v')}, this build reads {STATE_VERSION}")
        outages = cls()
        outages._turned = {plain["key"]: msgspec.convert(plain, Turned) for plain in state["turned"]}
        outages._down = dict(map(tuple, state["down"]))
        outages._failing = Failing.restore(state["failing"])
        outages._outage = msgspec.convert(state["outage"], Outage | None)
        return outages


def _switches(leak: Leak) -> tuple[str, ...]:
    return leak.switches or (NAMELESS,)


def _turns(leak: Leak) -> bool:
    """Whether calls are free that were paid before: no price known before, or a mixed one, is no turn."""
    return leak.grade in ("block", "limit") or leak.why == "whole_calling_code"


def _joined(old: Evidence, new: Evidence) -> Evidence:
    """What was known and what is known now."""
    return Evidence(
        first_ts=min(old.first_ts, new.first_ts),
        last_ts=max(old.last_ts, new.last_ts),
        switches=tuple(dict.fromkeys(old.switches + new.switches)),
        codes=tuple(sorted({*old.codes, *new.codes})),
        failed=max(old.failed, new.failed),
        rated=max(old.rated, new.rated),
    )
