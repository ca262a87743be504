"""From settings and tables to the parts of `models`: one place for the live service, backtest and simulation."""

from models.decider import Decider
from models.detector import Detector
from models.leaks import Knowledge
from models.odds import Limits
from models.operator import Verify, nobody
from models.plan import region_of_home
from models.policy import RULE_MODES, Policy
from models.rules import knowledge_of, rules_hash
from models.table_lookup import Protected
from models.tables import Tables
from streams.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """What the grades of evidence need."""
    d = settings.detection
    return Limits(d.enough, d.block_log10, d.limit_log10, d.share_max)


def policy_of(settings: Settings) -> Policy:
    """The operator's policy; seconds become milliseconds."""
    p = settings.policy
    return Policy(
        mode=p.mode,
        rules={**RULE_MODES, **{str(rule): mode for rule, mode in p.rules.items()}},
        impact_per_command=p.impact_per_command,
        impact_total=p.impact_total,
        lease_ms=int(p.lease_s * 1000),
        half_open_after_ms=int(p.half_open_after_s * 1000),
        trickle_per_min=p.trickle_per_min,
        commands_per_minute=p.commands_per_minute,
        commands_per_hour=p.commands_per_hour,
        active_blocks=p.active_blocks,
    )


def known_of(settings: Settings, tables: Tables) -> Knowledge:
    """What a detector judges by."""
    return knowledge_of(tables, limits_of(settings))


def detector_of(settings: Settings, tables: Tables, owners: int = 1, seed: int = 0) -> Detector:
    """A detector without state.

    Args:
        settings: all of them.
        tables: what it judges by.
        owners: between how many the keys are divided, as many as there are partitions of rows.
        seed: of the hashes of its windows.
    """
    windows = settings.windows
    known = known_of(settings, tables)
    times = int(windows.lateness_s * 1000), int(windows.price_evidence_s * 1000)
    return Detector(known, *times, -(-windows.keys_max // owners), seed)


def protected_of(settings: Settings, tables: Tables) -> Protected:
    """What no command touches."""
    return Protected(tables, region_of_home(settings.network.home_country_code))


def decider_of(settings: Settings, tables: Tables, verify: Verify = nobody) -> Decider:
    """A decider without state; `verify` says which operators it obeys."""
    policy = policy_of(settings)
    codes = {row.code: row.name for row in tables.short_codes}
    rules = rules_hash(tables, limits_of(settings), policy, settings.detection.absurd_share)
    return Decider(policy, codes, rules, "ringfence", protected_of(settings, tables), verify)
