"""The commands that free calls must lead to: the documented odds, walked call by call along one calling code.

Only traffic whose answer does not depend on finer points is understood: all priced calls of a calling code with free
ones stand in one source partition; a switch that sees free set-ups showed a priced one there before, or a short code
explains them; free calls of a leak differ in the digit after its prefix. All else is an `AmbiguousError`.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tests.faults.oracle.calls import FREE, PAID, Call
from tests.faults.oracle.facts import AmbiguousError, Facts

FREE_UNDER_LEAK, PRIOR_FREE, FIT_BONUS, ASSUMED_PAID = 0.99, 0.5, 50.0, 300
"""The starting point of design section 5: odds of f payers against F free of F + N rated calls before."""
PAYERS_MIN = MENDED_PAYERS = 2
RANK = {"": 0, "limit": 1, "block": 2}
REASON = "zero_cost_route"


class Expected(NamedTuple):
    """A command that must have been given."""

    key: str
    action: str
    reason: str
    payers: int
    first_ts: int


@dataclass
class _Run:
    """Free calls of one calling code that no paid call has answered, and what was done about them."""

    free: list[Call] = field(default_factory=list)
    grade: str = ""
    prefix: str = ""
    told: tuple[int, int] = (0, 0)
    """Payers and first `ts` as told last."""
    told_second: int = -1
    paid: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def common(self) -> str:
        """The digits that all called numbers begin with."""
        numbers = sorted(call.called.text[1:] for call in self.free)
        first, last = numbers[0], numbers[-1]
        size = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
        return first[:size]

    @property
    def payers(self) -> int:
        return len({call.payer for call in self.free})


def commands(evident: Iterable[Call], facts: Facts) -> list[Expected]:
    """The commands of all calling codes, those of each in their order.

    Raises:
        AmbiguousError: the traffic is not of the kind that this oracle understands.
    """
    by_code: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(evident, key=lambda call: (call.partition, call.offset, call.index)):
        if call.price in (FREE, PAID):
            by_code[call.called.code].append(call)
    found: list[Expected] = []
    for code, calls in sorted(by_code.items()):
        if any(call.price == FREE for call in calls):
            if len({call.partition for call in calls}) > 1:
                raise AmbiguousError(f"free calls of +{code}, and its calls are in several partitions")
            found += _walk(calls, facts)
    return found


def _walk(calls: list[Call], facts: Facts) -> list[Expected]:
    run, before, found = _Run(), list[Call](), list[Expected]()
    for call in calls:
        if call.price == PAID:
            found += _paid(run, call)
            before.append(call)
        elif call.payer:
            found += _free(run, call, before, facts)
    return found


def _free(run: _Run, call: Call, before: list[Call], facts: Facts) -> list[Expected]:
    run.free.append(call)
    run.paid.clear()
    if run.payers < PAYERS_MIN:
        return []
    prefix = run.common
    if run.grade and prefix != run.prefix:
        raise AmbiguousError(f"a leak under +{run.prefix} becomes one under +{prefix}")
    grade = _grade(run, prefix, before, facts)
    second = call.ts // 1000
    if RANK[grade] <= RANK[run.grade]:
        if run.grade and second > run.told_second:
            run.told, run.told_second = (run.payers, min(one.ts for one in run.free)), second
        return []
    run.grade, run.prefix, run.told_second = grade, prefix, second
    run.told = run.payers, min(one.ts for one in run.free)
    return [Expected(f"prefix:+{prefix}", grade, REASON, *run.told)]


def _grade(run: _Run, prefix: str, before: list[Call], facts: Facts) -> str:
    """What the run justifies: two payers or more, where a call was known to cost something."""
    fits = prefix in facts.short_codes
    shown = {call.switch for call in before if call.kind == "attempt"}
    if any(call.kind == "attempt" and call.switch not in shown for call in run.free) and not fits:
        raise AmbiguousError(f"+{prefix}: free set-ups of a switch that showed no price before")
    known = sum(call.called.text[1:].startswith(prefix) for call in before)
    if known < facts.enough and not fits and _expected(prefix, facts) <= 0:
        raise AmbiguousError(f"+{prefix}: nothing says what a call costs")
    rated = max(known, ASSUMED_PAID)
    odds = math.log10(FIT_BONUS) if fits else 0.0
    for nth in range(run.payers):
        odds += math.log10(FREE_UNDER_LEAK / ((PRIOR_FREE + nth) / (1 + rated + nth)))
    grade = "block" if odds >= facts.block_log10 else "limit" if odds >= facts.limit_log10 else ""
    return {"enforce": grade, "limit": grade and "limit"}.get(facts.mode, "")


def _expected(prefix: str, facts: Facts) -> Decimal:
    rows = [row for row in facts.tariff if prefix.startswith(row)]
    return Decimal(facts.tariff[max(rows, key=len)]) if rows else Decimal(0)


def _paid(run: _Run, call: Call) -> list[Expected]:
    """A paid call elsewhere says nothing; under a leak, the second payer at one switch and plan ends it."""
    digits = call.called.text[1:]
    if not run.free or not digits.startswith(run.prefix or run.common):
        return []
    if not run.grade:
        raise AmbiguousError(f"a paid call among the free ones of +{call.called.code}")
    if call.start <= max(one.start for one in run.free) or not call.payer:
        raise AmbiguousError(f"a paid call under +{run.prefix} that began before a free one")
    payers = run.paid[call.switch, call.plan]
    payers.add(call.payer)
    if len(payers) < MENDED_PAYERS:
        return []
    ended = Expected(f"prefix:+{run.prefix}", "release", REASON, *run.told)
    run.__init__()  # type: ignore[misc] # the run begins anew
    return [ended]
