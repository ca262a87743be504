"""The page about labelled bursts: what the burst rules find in NAB's counts, beside what NAB publishes of others.

Run it where ../shared/data/bursts is: `PYTHONPATH=.:tests python bench/nab.py > docs/reference/labelled-bursts.md`.
"""

from support.called_counts import judge
from support.nab import PUBLISHED, PUBLISHED_FALSE, SERIES, STEP_MS, Score, Series, normalised, score, series

OURS = "Ringfence's burst rules"
DAY_MS = 86_400_000
WHOLE = {"windowedGaussian": 39.6, "randomCutForest": 51.7}
"""Scores over NAB's whole corpus of 58 files, standard profile, as its front page lists them."""
HEAD = """# Labelled bursts

What the burst rules find in four series of the [Numenta Anomaly Benchmark](https://github.com/numenta/NAB) (NAB, MIT
licence) in which people labelled what was odd: three companies' mentions on Twitter and the requests to a load
balancer, counted every five minutes. Each thing counted is told to the detector as one attempt to one called number,
from another caller, through the same code as a backtest, with the settings' defaults. An alarm is a finding about that
number that was not rejected. Nothing was chosen by these series.
"""
TAIL = """
*Found* counts labelled windows with an alarm in them, *false* the five-minute rows outside all windows that had an
alarm. The scores are NAB's, standard profile: an early alarm in a window is worth 1 and a late one 0, a window without
one costs 1, a row of false alarm up to 0.11; no alarm at all is 0, every window at its first row and nothing else is
100. The first 15 % of a series (750 rows at most) only teach. The others' raw scores and false rows are those that NAB
publishes file by file; their thresholds were chosen on NAB's whole corpus. `tests/support/nab.py` scores, and is tested
against published values.

| over NAB's whole corpus, 58 files | score |
|---|---|
{whole}

What these figures do not say: the labels are of anything odd, also of a fall or a change of rhythm; the burst rules
look for far too many calls only, with absolute floors that are made for telephone traffic. The figures of this page
are written by `bench/nab.py`.
"""


def main() -> None:
    """Print the page."""
    print(page(), end="")


def page() -> str:
    """The page, with the figures of the rules as they are."""
    told = {one: scored(one) for one in map(series, SERIES)}
    heads = ["series", "days", "windows", "found", "false", OURS, *PUBLISHED]
    rows = [heads, ["---"] * len(heads), *(cells(*item) for item in told.items()), totals(list(told.values()))]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    whole = "\n".join(f"| {name} | {points} |" for name, points in WHOLE.items())
    return f"{HEAD}\n{table}{TAIL.format(whole=whole)}"


def cells(one: Series, ours: Score) -> list[str]:
    """The row of one series."""
    others = (beside(raws[one.name], ours.windows, PUBLISHED_FALSE[who][one.name]) for who, raws in PUBLISHED.items())
    return [f"`{one.name}`", f"{days(one):.0f}", *figures(ours), *others]


def totals(ours: list[Score]) -> list[str]:
    """The last row: all windows together."""
    every = Score(*map(sum, zip(*ours, strict=True)))
    others = (
        beside(sum(raws.values()), every.windows, sum(PUBLISHED_FALSE[who].values())) for who, raws in PUBLISHED.items()
    )
    return ["all four", "", *figures(every), *others]


def figures(ours: Score) -> list[str]:
    """Windows, found, false rows and score."""
    return [str(ours.windows), str(ours.found), str(ours.false_rows), f"{normalised(ours.raw, ours.windows):.1f}"]


def beside(raw: float, windows: int, false_rows: int) -> str:
    """What is published of another detector."""
    return f"{normalised(raw, windows):.1f} ({false_rows} false)"


def scored(one: Series) -> Score:
    """Score the rows at which the rules alarmed."""
    return score(len(one.times), one.windows, map(one.row_at, judge(one)))


def days(one: Series) -> float:
    """Length of a series."""
    return (one.times[-1] + STEP_MS - one.times[0]) / DAY_MS


if __name__ == "__main__":
    main()
