"""From a burst to its finding, with the numbers that a person can check."""

import math
from typing import NamedTuple

from models.bursts.judging import ANSWERED, ATTEMPTS, DAY, DURATION, ENDED, HOUR, SHORT, TALKED, Floats, Outcome
from models.bursts.witness import Reasons
from models.findings import Burst, BurstEvidence, BurstWindow, Subject
from models.hashing import HASHED
from models.kinds import Kind
from models.telling import NOWHERE
from models.windows.asking import DISTINCT, EXACT
from models.windows.layout import WINDOWS_MS, Ints

SCOPES = {
    Kind.CALLER: "caller",
    Kind.ACCOUNT: "account",
    Kind.CALLED: "called",
    Kind.PREFIX: "prefix",
    Kind.TRUNK: "trunk",
}
UNNAMED = "#"
"""Begins the value of a subject of which only the key is known; who can read the record puts its name there."""


class Sight(NamedTuple):
    """A busy key at a moment, by row `row` of a batch; `origin` is that row's record as evidence names it.

    `sums` is int64[4, FIELDS], `normal` float64[4] attempts; `sign` says whether it is above its normal, `strong`,
    `far` and `window` how. `calm` are its attempts in an hour before the burst. `known_h` says for how many hours the
    key is known, `covered_h` how many its owner has seen. `sweep` is the range of numbers that a caller went through.
    """

    kind: Kind
    key: int
    row: int
    ts: int
    called: int
    unverified: bool
    origin: str
    sums: Ints
    normal: Floats
    window: int
    calm: int
    strong: bool
    far: bool
    sign: bool
    known_h: int
    covered_h: int
    sweep: tuple[int, int] | None = None


def value_of(key: int) -> str:
    """A number in full, or the key of what has to be named.

    >>> value_of(33387654321)
    '+33387654321'
    """
    return f"+{key}" if key < int(HASHED) else f"{UNNAMED}{key:016x}"


def burst_of(sight: Sight, outcome: Outcome, score: float | None, model: str | None, reasons: Reasons) -> Burst:
    """The finding of a burst; `score`, `model` and `reasons` are the forest's."""
    window_ms = WINDOWS_MS[sight.window]
    attempts, normal = int(sight.sums[sight.window, ATTEMPTS]), float(sight.normal[sight.window])
    evidence = BurstEvidence(
        first_ts=sight.ts - window_ms,
        last_ts=sight.ts,
        windows=tuple(_window(sight, nth) for nth in range(len(WINDOWS_MS))),
        proving_s=window_ms // 1000,
        known_h=float(max(sight.known_h, sight.covered_h)),
        factor=round(attempts / normal, 1) if sight.sign else None,
        others=tuple(map(value_of, sight.sweep or ())) if outcome.rule == "range_sweep" else (),
        offsets=(sight.origin,),
    )
    return Burst(
        source=NOWHERE,
        subject=Subject(SCOPES[sight.kind], value_of(sight.key)),
        rule=outcome.rule,
        grade=outcome.grade,
        why=outcome.why,
        evidence=evidence,
        newest_start=sight.ts,
        answered=_usual(sight),
        score=None if score is None else round(score, 6),
        model=model,
        reasons=tuple((feature, round(share, 4)) for feature, share in reasons),
    )


def _usual(sight: Sight) -> int:
    """Answered calls an hour that a command would take from honest people: the burst's own are none of them."""
    usual = sight.normal[DAY] / 24 if sight.window == DAY else sight.calm
    return min(int(sight.sums[HOUR, ANSWERED]), math.ceil(usual))


def _window(sight: Sight, nth: int) -> BurstWindow:
    sums = sight.sums[nth]
    talked = int(sums[TALKED])
    return BurstWindow(
        window_s=WINDOWS_MS[nth] // 1000,
        attempts=int(sums[ATTEMPTS]),
        answered=int(sums[ANSWERED]),
        ended=int(sums[ENDED]),
        talked=talked,
        short=int(sums[SHORT]),
        mean_s=round(int(sums[DURATION]) / talked / 1000, 1) if talked else 0.0,
        others=int(sums[DISTINCT]),
        exact=bool(sums[EXACT]),
        normal=round(float(sight.normal[nth]), 2),
    )
