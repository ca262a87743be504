"""How sure a proof is, from 0 to 1: what commands show as their score, and what orders a queue of incidents."""

from models.findings import Burst, Proof

ODDS_MAX = 300.0
"""A power of ten that a float can hold."""


def score_of(proof: Proof) -> float | None:
    """A leak's odds as a probability, the isolation forest's score of a burst; None where no model has seen it."""
    if isinstance(proof, Burst):
        return proof.score
    return round(1 / (1 + 10 ** -max(proof.evidence.log10_odds, -ODDS_MAX)), 4)
