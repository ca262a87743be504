"""How sure the findings were: counts by score, verdict by verdict, in bins that do not grow with the input."""

from collections import Counter
from typing import Any, Final, NamedTuple

VERDICTS: Final = ("block", "limit", "shadow", "held", "rejected")
ODDS_LEAST, ODDS_MOST = -1, 15
"""Whole powers of ten that are told apart; what is beyond counts in the first or last bin."""
SCORE_BINS: Final = 20


class Scores(NamedTuple):
    """Findings by verdict and bin: `odds` by the whole log10 of their odds, `forest` by twentieths of a score."""

    odds: Counter[tuple[str, int]]
    forest: Counter[tuple[str, int]]

    @classmethod
    def none(cls) -> "Scores":
        """No finding yet."""
        return cls(Counter(), Counter())

    def add(self, verdict: str, evidence: dict[str, Any], score: object) -> None:
        """Count one finding; `score` (0 to 1) is a forest's where the evidence has no odds, None where none spoke."""
        verdict = verdict if verdict in VERDICTS else "held"
        odds = evidence.get("log10_odds")
        if isinstance(odds, int | float):
            self.odds[verdict, int(max(ODDS_LEAST, min(ODDS_MOST, odds // 1)))] += 1
        elif isinstance(score, int | float):
            self.forest[verdict, int(max(0, min(SCORE_BINS - 1, score * SCORE_BINS // 1)))] += 1
