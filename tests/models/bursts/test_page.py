"""The page about detection names the floors that are in force."""

from pathlib import Path

from models.bursts.limits import FLOORS
from models.odds import Limits
from models.policy import RULE_MODES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "detection.md").read_text(encoding="utf-8")


def test_the_floors_are_those_of_the_code():
    for kind, floors in FLOORS.items():
        cells = " | ".join(map(str, floors))
        assert f"| {kind.name.lower()} | {cells} |" in PAGE


def test_the_limits_of_the_odds_are_those_of_the_code():
    limits = Limits()
    assert f"| block | log10 odds >= {limits.block_log10:.0f} |" in PAGE
    assert f"| limit | log10 odds >= {limits.limit_log10:.0f} |" in PAGE
    assert f"| enough | {limits.enough} rated calls |" in PAGE
    assert f"<= {limits.share_max:.0%}".replace("%", " %") in PAGE


def test_every_reason_is_there():
    assert all(f"`{rule}`" in PAGE for rule in RULE_MODES if rule not in {"operator", "zero_cost_route"})
