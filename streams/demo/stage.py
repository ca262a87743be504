"""What the demo is played on: a directory with configuration, tables and keys, and the topics on its own Kafka."""

import os
from pathlib import Path

from models.scenarios.network import DECLARED_FREE, LEAKING, SHORT_CODES
from models.scenarios.switch import CURRENCY
from streams import topics
from streams.key_files import Role, new_key
from streams.settings import Settings, load
from streams.settings_errors import ENV_PREFIX

LEASE_S = 20
HALF_OPEN_AFTER_S = 6
TRICKLE_PER_MIN = 60
FRANCE = "+33"
SHORTENED = (
    f"for the demo's sake: a lease of {LEASE_S} s (default 900), a trickle of {TRICKLE_PER_MIN} calls a minute"
    f" (default 1) after {HALF_OPEN_AFTER_S} s (default 600): [policy] lease_s, trickle_per_min, half_open_after_s"
)

_CONFIGURATION = """\
[network]
home_country_code = "212"
international_prefix = "00"
short_codes = "short_codes.csv"
free_prefixes = "free.csv"
tariff = "tariff.csv"

[kafka]
bootstrap_servers = "{bootstrap}"

[policy]
lease_s = {lease_s}
half_open_after_s = {half_open_after_s}
trickle_per_min = {trickle_per_min}

[service]
port = 0
state_dir = "state"
log_format = "json"

[keys]
dir = "keys"
"""


def build(home: Path, bootstrap_servers: str) -> Settings:
    """Write everything into `home`, make the keys and the topics; gives the settings as the service reads them.

    The environment's own settings are for another service: they are dropped, here and for what we start.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    settings = write(home, bootstrap_servers)
    new_key(settings.keys.dir, Role.DECIDER, "demo-decider")
    new_key(settings.keys.dir, Role.OPERATOR, "demo-operator")
    topics.create(settings)
    return settings


def write(home: Path, bootstrap_servers: str) -> Settings:
    """Write the configuration and the tables into `home`, and load them."""
    for name, text in _tables().items():
        (home / name).write_text(text, encoding="utf-8")
    text = _CONFIGURATION.format(
        bootstrap=bootstrap_servers,
        lease_s=LEASE_S,
        half_open_after_s=HALF_OPEN_AFTER_S,
        trickle_per_min=TRICKLE_PER_MIN,
    )
    configuration(home).write_text(text, encoding="utf-8")
    return load(configuration(home))


def configuration(home: Path) -> Path:
    """The configuration file in the demo's directory."""
    return home / "ringfence.toml"


def _tables() -> dict[str, str]:
    """The operator's tables (contract, section 4) of the simulated network, by file name.

    The tariff names France alone. What the rest costs is learned: a tariff speaks from the first call on, and this
    network has a switch whose free set-ups are its habit, which only a history can tell.
    """
    codes = "".join(f"{code},{name}\n" for code, name in SHORT_CODES.items())
    return {
        "short_codes.csv": f"code,name\n{codes}",
        "free.csv": f"prefix,reason,from,until,plan\n{DECLARED_FREE},freephone,,,\n",
        "tariff.csv": f"prefix,rate,currency,name\n{FRANCE},{LEAKING.price},{CURRENCY},France\n",
    }
