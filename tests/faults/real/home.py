"""The directory of the service that is broken: configuration, tables, key and topics, as the oracle is told of them."""

import os
from pathlib import Path

from streams import topics
from streams.bench.home import BUDGETS
from streams.demo.configuration import furnish
from streams.key_files import Role, new_key
from streams.settings import Settings
from streams.settings_errors import ENV_PREFIX
from tests.faults.real.traffic import LATENESS_MS, PARTITIONS, REAL_FACTS

LEASE_S, HALF_OPEN_S = 300, 45
"""Short, so that leases are renewed, half-open and end while roles are killed."""


def build(home: Path, bootstrap_servers: str) -> Settings:
    """Write everything and make the topics; the environment's own settings are for another service."""
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    settings = furnish(
        home,
        bootstrap_servers,
        _tables(),
        {
            "kafka": {"event_partitions": PARTITIONS, "row_partitions": PARTITIONS},
            "windows": {"lateness": LATENESS_MS // 1000, "keys_max": 200_000},
            "policy": {**BUDGETS, "lease_s": LEASE_S, "half_open_after_s": HALF_OPEN_S},
        },
    )
    new_key(settings.keys.dir, Role.DECIDER, "faults-decider")
    topics.create(settings)
    return settings


def _tables() -> dict[str, str]:
    """The operator's tables, by the names of their settings."""
    codes = "".join(f"{code},service {code}\n" for code in sorted(REAL_FACTS.short_codes))
    free = "".join(f"+{row.prefix},on purpose,,,{row.plan}\n" for row in REAL_FACTS.free)
    tariff = "".join(f"+{prefix},{rate},MAD,\n" for prefix, rate in REAL_FACTS.tariff.items())
    return {
        "short_codes": "code,name\n" + codes,
        "free_prefixes": "prefix,reason,from,until,plan\n" + free,
        "tariff": "prefix,rate,currency,name\n" + tariff,
    }
