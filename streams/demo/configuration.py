"""The configuration of a service that has a directory to itself, as demo, bench and tests run it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from streams.settings import Settings, load

FILE = "ringfence.toml"
HOME_COUNTRY_CODE = "212"
BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that TOML takes without quotes."""


def furnish(
    home: Path,
    bootstrap_servers: str,
    tables: Mapping[str, str],
    changes: Mapping[str, Mapping[str, object]] | None = None,
) -> Settings:
    """Write tables and configuration into a directory; gives the settings as a service reads them there.

    Everything is beside the configuration: keys, state, tables. The port is any free one, logs are JSON.

    Args:
        home: the directory.
        bootstrap_servers: where Kafka is.
        tables: the operator's tables (contract, section 4) by the name of their setting: `short_codes` -> CSV.
        changes: further settings, and others than these, by section.
    """
    for name, text in tables.items():
        (home / f"{name}.csv").write_text(text, encoding="utf-8")
    sections: dict[str, dict[str, object]] = {
        "network": {"home_country_code": HOME_COUNTRY_CODE, **{name: f"{name}.csv" for name in tables}},
        "kafka": {"bootstrap_servers": bootstrap_servers},
        "service": {"port": 0, "state_dir": "state", "log_format": "json"},
        "keys": {"dir": "keys"},
    }
    for section, values in (changes or {}).items():
        sections.setdefault(section, {}).update(values)
    path = home / FILE
    path.write_text("\n".join(_section(name, values) for name, values in sections.items()), encoding="utf-8")
    return load(path)


def _section(name: str, values: Mapping[str, object]) -> str:
    """A TOML table; texts, numbers, truth values and lists of them are spelled as in JSON.

    >>> print(_section("kafka", {"event_partitions": 1, "security.protocol": "SSL"}), end="")
    [kafka]
    event_partitions = 1
    "security.protocol" = "SSL"
    """
    names = {key: key if BARE.fullmatch(key) else json.dumps(key) for key in values}
    lines = (f"{names[key]} = {json.dumps(value)}\n" for key, value in values.items())
    return f"[{name}]\n" + "".join(lines)
