"""The page of decisions is what the code decides: its tables, its numbers, its reasons."""

from typing import get_args

import pytest

from models.findings import Forest
from models.incidents import FRESH_MS, KEEP_ENDED_MS, REARMED_TOLD
from models.policy import (
    ANY,
    BUDGETS,
    BURSTS_PART,
    COUNTS,
    DECISIONS,
    HOUR_MS,
    LADDER,
    MINUTE_MS,
    NOT_SEEN,
    OVERDUE_MS,
    WORTH,
    Policy,
)
from models.told import KEEP_MS
from tests.contract import REFERENCE

PAGE = (REFERENCE / "decisions.md").read_text()
FOREST = {ANY: "any", ("agrees",): "finds it unusual", NOT_SEEN: "no model, or says nothing"}


def section(title: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    body = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_what_a_proof_is_worth():
    rows = [[r.proof, r.grade, FOREST[r.forest], r.worth, f"`{r.why}`" if r.why else ""] for r in WORTH]
    assert section("First: what the proof is worth") == rows


def test_the_modes():
    modes = list(reversed(LADDER))
    worths = ("block", "limit", "shadow")
    assert section("Then: the mode") == [[worth, *(DECISIONS[worth, mode] for mode in modes)] for worth in worths]


def test_the_budgets():
    policy = Policy()
    assert (BURSTS_PART, OVERDUE_MS, FRESH_MS) == (0.5, 15 * MINUTE_MS, 5 * MINUTE_MS)
    rows = [
        [
            f"`{name}`",
            f"{getattr(policy, name):g}",
            "all" if name == "impact_per_command" else "half",
            "15 min" if name in COUNTS else "none",
        ]
        for name in BUDGETS
    ]
    assert section("Then: the budgets") == rows


def test_the_lives():
    policy = Policy()
    lives = (policy.lease_ms, policy.half_open_after_ms, policy.trickle_per_min, policy.limit_per_min)
    assert lives == (15 * MINUTE_MS, 10 * MINUTE_MS, 1, 6)
    assert (KEEP_ENDED_MS, KEEP_MS, REARMED_TOLD) == (24 * HOUR_MS, HOUR_MS, 3)


WHYS = sorted({*BUDGETS, *(f"mode_{mode}" for mode in LADDER[:-1]), *(row.why for row in WORTH if row.why)})


@pytest.mark.parametrize("why", WHYS)
def test_every_reason_of_the_tables_is_explained(why):
    assert f"`{why}`" in "".join(row[0] for row in section("Reasons"))


def test_the_forest_has_three_answers():
    assert set(ANY) == set(get_args(Forest)) == {*NOT_SEEN, "agrees"}
