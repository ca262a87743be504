"""The rules in force as one hash: settings, tables and the constants of the evidence (a command's `rules`)."""

import hashlib
from collections.abc import Callable
from decimal import Decimal

import msgspec

from models import odds
from models.bursts.limits import CONSTANTS
from models.incidents import FRESH_MS
from models.leaks import Knowledge
from models.money import MILLION
from models.plan import is_freephone
from models.policy import BURSTS_PART, DECISIONS, OVERDUE_MS, WORTH, Policy
from models.table_lookup import Tariff
from models.tables import Tables


def knowledge_of(tables: Tables, limits: odds.Limits) -> Knowledge:
    """What the leak rule asks of the operator's tables."""
    codes = {row.code: row.name for row in tables.short_codes if row.code.isdigit()}
    return Knowledge(limits, codes, _expected(Tariff(tables.tariff)), is_freephone)


def _expected(tariff: Tariff) -> Callable[[str], tuple[int, str] | None]:
    def expected(digits: str) -> tuple[int, str] | None:
        row = tariff.expected(digits)
        return None if row is None else (int((Decimal(row.rate) * MILLION).to_integral_value()), row.currency)

    return expected


def rules_hash(tables: Tables, limits: odds.Limits, policy: Policy, absurd_share: float) -> str:
    """`sha256:…` over everything that a decision rests on beside the evidence."""
    constants = (odds.FREE_UNDER_LEAK, odds.PRIOR_FREE, odds.FIT_BONUS, BURSTS_PART, OVERDUE_MS, FRESH_MS)
    decisions = (WORTH, list(DECISIONS.items()))
    facts = [constants, CONSTANTS, decisions, limits, policy, absurd_share, tables]
    encoded = msgspec.json.encode(facts, order="deterministic")
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"
