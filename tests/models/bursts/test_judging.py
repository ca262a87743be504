"""What the burst rules make of one key's numbers: a table of what is done about whom."""

import numpy as np
import pytest

from models.bursts.judging import NONE, STRONG, WEAK, Case, Outcome, judge, signs
from models.kinds import Kind
from models.windows.asking import FIELDS
from models.windows.hours import Normal

HOUR, DAY = 2, 3
SURE, FAINT = ("limit", "over_normal"), ("shadow", "weak")


def sums(attempts: int, others: int, answered: int, lasts_s: int = 60) -> np.ndarray:
    """An hour, and the day with it; every answered call has ended."""
    row = [attempts, 0, answered, answered, answered, 0, answered * lasts_s * 1000, others, 1]
    return np.array([[0] * FIELDS, [0] * FIELDS, row, row], np.int64)


def case(attempts: int, others: int, answered: int, **changes) -> Case:
    lasts = changes.pop("lasts_s", 60)
    return Case(
        **{"strong": True, "far": True, "window": HOUR, "unverified": False, "sweep": None}
        | changes
        | {"sums": sums(attempts, others, answered, lasts)}
    )


CASES = [
    (Kind.CALLER, case(300, 200, 150), ("rate_burst", *SURE)),
    (Kind.CALLER, case(80, 60, 30, strong=False), ("rate_burst", *FAINT)),
    (Kind.CALLER, case(300, 200, 150, unverified=True), ("rate_burst", "shadow", "unverified_caller")),
    (Kind.CALLER, case(300, 1, 4), ("rate_burst", "rejected", "redialling")),
    (Kind.CALLER, case(300, 1, 290), ("rate_burst", *SURE)),
    (Kind.CALLER, case(300, 290, 10), ("wangiri", *SURE)),
    (Kind.CALLER, case(300, 290, 10, unverified=True), ("wangiri", "shadow", "unverified_caller")),
    (Kind.CALLER, case(300, 290, 150, sweep=(1, 900)), ("range_sweep", *SURE)),
    (Kind.ACCOUNT, case(300, 0, 150), ("rate_burst", *SURE)),
    (Kind.ACCOUNT, case(300, 1, 150), None),
    (Kind.ACCOUNT, case(300, 40, 150), ("rate_burst", "shadow", "many_callers")),
    (Kind.CALLED, case(300, 280, 100, lasts_s=20), ("victim_flood", *SURE)),
    (Kind.CALLED, case(300, 10, 100), ("victim_flood", "rejected", "few_callers")),
    (Kind.CALLED, case(300, 280, 299, lasts_s=12), ("victim_flood", "rejected", "announcement")),
    (Kind.CALLED, case(300, 280, 280, lasts_s=300), ("victim_flood", "rejected", "several_lines")),
    (Kind.PREFIX, case(3_000, 40, 900), ("rate_burst", "shadow", "whole_route")),
    (Kind.PREFIX, case(3_000, 2_900, 900), None),
    (Kind.TRUNK, case(3_000, 4, 900), ("rate_burst", "shadow", "whole_route")),
    (Kind.TRUNK, case(3_000, 40, 900, strong=False), None),
]


@pytest.mark.parametrize(("kind", "found", "expected"), CASES)
def test_what_a_rule_justifies(kind, found, expected):
    assert judge(kind, found, known=True) == (Outcome(*expected) if expected else None)


@pytest.mark.parametrize(("kind", "found", "expected"), CASES)
def test_who_knows_nothing_of_what_is_normal_limits_nobody(kind, found, expected):
    outcome = judge(kind, found, known=False)
    if expected and expected[1] == "limit":
        assert outcome == Outcome(expected[0], "held", "no_history")
        nearer = judge(kind, found._replace(far=False), known=False)
        assert nearer == Outcome(expected[0], "rejected", "no_history")
    elif expected and expected[1] == "rejected":
        assert outcome == Outcome(*expected)
    else:
        assert outcome is None


@pytest.mark.parametrize(
    ("attempts", "hour", "day", "expected"),
    [
        ([0, 0, 119, 119], 0, 0, (WEAK, HOUR)),
        ([0, 0, 120, 120], 0, 0, (STRONG, HOUR)),
        ([0, 0, 59, 59], 0, 0, (NONE, None)),
        ([40, 40, 40, 40], 0, 0, (STRONG, 0)),
        ([0, 0, 799, 799], 100, 900, (WEAK, HOUR)),
        ([0, 0, 800, 800], 100, 900, (STRONG, HOUR)),
        ([0, 0, 399, 399], 100, 900, (NONE, None)),
        ([0, 0, 50, 600], 0, 75, (STRONG, DAY)),
        ([0, 0, 50, 600], 0, 76, (WEAK, DAY)),
    ],
)
def test_how_far_a_caller_is_above_its_normal(attempts, hour, day, expected):
    normal = Normal(np.array([hour], float), np.array([day], float), np.array([100]))
    found = signs(Kind.CALLER, np.array([attempts]), normal)
    assert found.far.tolist() == [attempts == [0, 0, 800, 800] or (expected[0] == STRONG and max(attempts[:3]) >= 480)]
    assert found.strength.tolist() == [expected[0]]
    assert expected[1] is None or found.window.tolist() == [expected[1]]
