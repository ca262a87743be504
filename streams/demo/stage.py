"""What the demo is played on: a directory with configuration, tables and keys, and the topics on its own Kafka."""

import os
from collections.abc import Mapping
from pathlib import Path

from models.orders import Order
from models.scenarios.network import DECLARED_FREE, DESTINATIONS, SHORT_CODES
from models.scenarios.switch import CURRENCY
from streams import topics
from streams.demo.configuration import FILE, furnish
from streams.key_files import Role, new_key
from streams.operator_orders import give
from streams.settings import Settings
from streams.settings_errors import ENV_PREFIX

LEASE_S = 30
HALF_OPEN_AFTER_S = 6
TRICKLE_PER_MIN = 60
SHORTENED = (
    f"for the demo's sake: a lease of {LEASE_S} s (default 900), a trickle of {TRICKLE_PER_MIN} calls a minute"
    f" (default 1) after {HALF_OPEN_AFTER_S} s (default 600): [policy] lease_s, trickle_per_min, half_open_after_s"
)
BLOCKS_MAX = 10
FOREST = "forest"
"""Directory of the models, in the demo's own."""


def build(home: Path, bootstrap_servers: str) -> Settings:
    """Write everything into `home`, make the keys and the topics; gives the settings as the service reads them.

    The environment's own settings are for another service: they are dropped, here and for what we start.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    settings = write(home, bootstrap_servers, {"models": FOREST})
    new_key(settings.keys.dir, Role.DECIDER, "demo-decider")
    new_key(settings.keys.dir, Role.OPERATOR, "demo-operator")
    topics.create(settings)
    return settings


def write(home: Path, bootstrap_servers: str, detection: Mapping[str, object] | None = None) -> Settings:
    """Write the configuration and the tables into `home`, and load them; `detection` has settings of that section."""
    policy = {"lease_s": LEASE_S, "half_open_after_s": HALF_OPEN_AFTER_S, "trickle_per_min": TRICKLE_PER_MIN}
    return furnish(home, bootstrap_servers, _tables(), {"policy": policy, "detection": detection or {}})


def order(settings: Settings, now_ms: int) -> str:
    """Let the operator give a signed order on `fraud.policy`; gives it in words.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    given = Order(
        setting="budget:active_blocks",
        value=BLOCKS_MAX,
        author="demo-operator",
        reason="no more than a person can look through",
        at=now_ms,
    )
    give(settings, [given], None)
    return f"at most {BLOCKS_MAX} blocks at once"


def configuration(home: Path) -> Path:
    """The configuration file in the demo's directory."""
    return home / FILE


def _tables() -> dict[str, str]:
    """The operator's tables (contract, section 4) of the simulated network, by the name of their setting."""
    codes = "".join(f"{code},{name}\n" for code, name in SHORT_CODES.items())
    prices = "".join(f"{place.prefix},{place.price},{CURRENCY}\n" for place in DESTINATIONS)
    return {
        "short_codes": f"code,name\n{codes}",
        "free_prefixes": f"prefix,reason,from,until,plan\n{DECLARED_FREE},freephone,,,\n",
        "tariff": f"prefix,rate,currency\n{prices}",
    }
