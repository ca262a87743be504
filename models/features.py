"""The features of the isolation forest: what of a key's windows it looks at, and why; `FEATURES` is the whole list.

Each is a number of its own scale: logarithms of counts, differences of logarithms, shares. They have a value for every
key that was counted. All are of what was seen and a few calls more, so that few calls lie near the middle: one of one
is not "all", and an hour with three instead of one is no rise. Of the sets that were tried on `models.scenarios.habits`
this one found most at the same false alarms. Ranges are wider than any traffic; what is outside comes of broken counts.
A feature whose formula changes gets another version, and models of the old one are refused.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from models.kinds import Kind
from models.windows.layout import Ints
from models.windows.moments import Moments

Reals = npt.NDArray[np.float64]
Entity = Literal["route", "caller", "called"]
KINDS: Final[dict[Entity, Kind]] = {"route": Kind.PREFIX, "caller": Kind.CALLER, "called": Kind.CALLED}
"""What a model is of: a route is a calling code and the three digits after it."""
MINUTES_5, HOUR, DAY = 1, 2, 3
"""Columns of the windows in `Moments`."""
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
DAY_HOURS: Final = 24.0
PER_HOUR: Final = 12.0
"""Windows of 5 min in an hour."""
FEW: Final = 5.0
"""The few calls more."""
USUAL_CALL_S: Final = 60.0
"""Their mean duration."""
SHORT_SHARE: Final = 0.1
"""And the share of them that are short, of ten calls more."""
LOG_MAX: Final = 44.0
"""More than the logarithm of any int64."""


class Feature(NamedTuple):
    """One number about a key at a moment.

    Attributes:
        name: as reasons and manifests spell it.
        version: of the formula.
        kinds: entities whose models have it.
        formula: in words that the reference repeats; `attempts(1 h)` is the count in that window.
        window: which windows it looks at.
        unit: of its values.
        low: values below are refused.
        high: values above are refused.
        why: what it shows.
        of: the formula in code, float64[n] for `Moments` of n keys.
    """

    name: str
    version: int
    kinds: tuple[Entity, ...]
    formula: str
    window: str
    unit: str
    low: float
    high: float
    why: str
    of: Callable[[Moments], Reals]


def _hours_known(m: Moments) -> Reals:
    return np.clip(m.known_ms / HOUR_MS, 1.0, DAY_HOURS)


def _usual(m: Moments) -> Reals:
    """Usual attempts an hour: of this hour of the week, else of the key's own last day."""
    return np.where(np.isnan(m.usual), m.attempts[:, DAY] / _hours_known(m), m.usual)


def _ratio(counts: npt.NDArray[Any], of: npt.NDArray[Any], more: float) -> Reals:
    return np.asarray(np.log((counts + more) / (of + more)))


def _share(part: Ints, whole: Ints, more: float, of: float) -> Reals:
    return np.minimum((part + more) / (whole + of), 1.0)


def _mean_s(m: Moments, window: int) -> Reals:
    seconds = m.duration_ms[:, window] / 1000.0 + FEW * USUAL_CALL_S
    return np.asarray(np.log(seconds / (m.talked[:, window] + FEW)))


PARTIES: Final[tuple[Entity, ...]] = ("caller", "called")
ALL: Final[tuple[Entity, ...]] = ("route", *PARTIES)

FEATURES: Final = (
    Feature(
        "attempts_1h",
        1,
        PARTIES,
        "ln(5 + attempts(1 h))",
        "1 h",
        "ln of calls",
        0.0,
        LOG_MAX,
        "how much one party calls or is called; of routes not, whose sizes differ by nature",
        lambda m: np.asarray(np.log(m.attempts[:, HOUR] + FEW)),
    ),
    Feature(
        "attempts_24h",
        1,
        PARTIES,
        "ln(1 + attempts(24 h))",
        "24 h",
        "ln of calls",
        0.0,
        LOG_MAX,
        "a slow flood that no hour shows: 300 calls in 24 h are 12.5 an hour",
        lambda m: np.log1p(m.attempts[:, DAY].astype(np.float64)),
    ),
    Feature(
        "against_usual",
        1,
        ALL,
        "ln((attempts(1 h) + 5) / (usual attempts an hour + 5)); usual at this hour of the week, where that is not"
        " known attempts(24 h) per hour known, 1 to 24",
        "1 h, 4 weeks",
        "ln of a ratio",
        -LOG_MAX,
        LOG_MAX,
        "more or less than this key has at this time",
        lambda m: _ratio(m.attempts[:, HOUR], _usual(m), FEW),
    ),
    Feature(
        "rise_5min",
        1,
        ALL,
        "ln((12 attempts(5 min) + 60) / (attempts(1 h) + 60))",
        "5 min, 1 h",
        "ln of a ratio",
        -LOG_MAX,
        LOG_MAX,
        "a burst that began minutes ago, or a key that has just gone silent",
        lambda m: _ratio(PER_HOUR * m.attempts[:, MINUTES_5], m.attempts[:, HOUR], PER_HOUR * FEW),
    ),
    Feature(
        "answered_1h",
        1,
        ALL,
        "(answered(1 h) + 5) / (attempts(1 h) + 10), at most 1",
        "1 h",
        "share",
        0.0,
        1.0,
        "dialling through numbers, and call-back baits, are hardly answered; pumped traffic is always",
        lambda m: _share(m.answered[:, HOUR], m.attempts[:, HOUR], FEW, 2 * FEW),
    ),
    Feature(
        "answered_24h",
        1,
        ALL,
        "(answered(24 h) + 5) / (attempts(24 h) + 10), at most 1",
        "24 h",
        "share",
        0.0,
        1.0,
        "the same over a day, for keys with few calls an hour",
        lambda m: _share(m.answered[:, DAY], m.attempts[:, DAY], FEW, 2 * FEW),
    ),
    Feature(
        "mean_duration_1h",
        1,
        ALL,
        "ln((duration(1 h) + 300 s) / (answered calls that ended(1 h) + 5))",
        "1 h",
        "ln of seconds",
        -LOG_MAX,
        LOG_MAX,
        "stolen lines and revenue shares are held long; baits and robots are cut short",
        lambda m: _mean_s(m, HOUR),
    ),
    Feature(
        "mean_duration_24h",
        1,
        ALL,
        "ln((duration(24 h) + 300 s) / (answered calls that ended(24 h) + 5))",
        "24 h",
        "ln of seconds",
        -LOG_MAX,
        LOG_MAX,
        "the same over a day",
        lambda m: _mean_s(m, DAY),
    ),
    Feature(
        "talk_24h",
        1,
        PARTIES,
        "ln(1 + duration(24 h) in minutes)",
        "24 h",
        "ln of minutes",
        0.0,
        LOG_MAX,
        "what a day's calls of one party are worth to whoever shares the revenue",
        lambda m: np.log1p(m.duration_ms[:, DAY] / MINUTE_MS),
    ),
    Feature(
        "others_1h",
        1,
        ALL,
        "(other parties(1 h) + 5) / (attempts(1 h) + 5), at most 1",
        "1 h",
        "share",
        0.0,
        1.0,
        "1: never the same twice (a sweep, a robot); near 0: one party again and again (a flood, a pump)",
        lambda m: _share(m.distinct[:, HOUR], m.attempts[:, HOUR], FEW, FEW),
    ),
    Feature(
        "others_24h",
        1,
        ALL,
        "(other parties(24 h) + 5) / (attempts(24 h) + 5), at most 1",
        "24 h",
        "share",
        0.0,
        1.0,
        "the same over a day",
        lambda m: _share(m.distinct[:, DAY], m.attempts[:, DAY], FEW, FEW),
    ),
    Feature(
        "short_24h",
        1,
        ALL,
        "(answered calls under 6 s(24 h) + 1) / (answered calls that ended(24 h) + 10), at most 1",
        "24 h",
        "share",
        0.0,
        1.0,
        "calls that only ring, or are cut at once: baits, probing, false answer",
        lambda m: _share(m.short[:, DAY], m.talked[:, DAY], 10 * SHORT_SHARE, 10.0),
    ),
)


def features_of(entity: Entity) -> tuple[Feature, ...]:
    """Return the features of a kind of entity's models, in the order of their columns."""
    return tuple(feature for feature in FEATURES if entity in feature.kinds)


def columns(entity: Entity, moments: Moments) -> Reals:
    """Return float64[n, features] of moments that are all of this kind; what has no value is NaN or infinite."""
    with np.errstate(all="ignore"):
        made = [feature.of(moments) for feature in features_of(entity)]
    return np.stack(made, axis=1) if len(moments.key) else np.zeros((0, len(made)))


def refused(entity: Entity, rows: Reals) -> npt.NDArray[np.bool_]:
    """Return bool[n, features], where a row has no number, or one outside its feature's range."""
    bounds = np.array([(feature.low, feature.high) for feature in features_of(entity)])
    return ~((rows >= bounds[:, 0]) & (rows <= bounds[:, 1]))


def table() -> str:
    """Return the list as the table of `docs/reference/features.md`."""
    head = "| feature | version | models | formula | window | unit | range | why |\n|---|---|---|---|---|---|---|---|"
    return "\n".join([head, *map(_line, FEATURES)]) + "\n"


def _line(feature: Feature) -> str:
    name, version, kinds, formula, window, unit, low, high, why, _ = feature
    return (
        f"| `{name}` | {version} | {', '.join(kinds)} | {formula} | {window} | {unit} | {low:g} to {high:g} | {why} |"
    )
