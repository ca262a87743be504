"""Where a benchmark takes place: a directory with a configuration, tables and keys, and fresh topics on its Kafka."""

import os
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.bench.traffic import FREEPHONE, VOICEMAIL
from streams.demo.configuration import FILE, furnish
from streams.errors import DependencyError
from streams.kafka import REACH_S, admin, metadata, unreachable
from streams.key_files import Role, new_key
from streams.settings import Settings
from streams.settings_errors import ENV_PREFIX

EVENTS, OURS = "signalling.events", "ringfence."
LOOK_EVERY_S = 0.1

BUDGETS = {
    "impact_per_command": 1.0,
    "impact_total": 1.0,
    "commands_per_minute": 100_000,
    "commands_per_hour": 1_000_000,
    "active_blocks": 100_000,
}
"""A leak a second would exhaust an operator's budgets within a minute; all else is as by default."""


def build(home: Path, bootstrap_servers: str, partitions: int) -> Settings:
    """Write the configuration and tables into `home`, make a key and the topics.

    The environment's own settings are for another service: they are dropped, here and for what we start.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
        del os.environ[name]
    tables = {
        "short_codes": f"code,name\n{VOICEMAIL.prefix},voicemail\n",
        "free_prefixes": f"prefix,reason,from,until,plan\n+{FREEPHONE.prefix},freephone,,,\n",
    }
    partitioned = {"event_partitions": partitions, "row_partitions": partitions}
    settings = furnish(home, bootstrap_servers, tables, {"kafka": partitioned, "policy": BUDGETS})
    new_key(settings.keys.dir, Role.DECIDER, "bench-decider")
    topics.create(settings)
    return settings


def configuration(home: Path) -> Path:
    """The configuration file in a benchmark's directory."""
    return home / FILE


def renew(settings: Settings, *, events: bool = False) -> None:
    """Make all topics anew and forget our groups; the events topic and its load stay, unless `events`.

    Raises:
        DependencyError: Kafka is out of reach or does not delete them.
    """
    client = admin(settings)
    names = [topic.name for topic in topics.wanted(settings.kafka) if events or topic.name != EVENTS]
    try:
        for future in client.delete_topics(names, operation_timeout=REACH_S).values():
            future.result()
        _forget_groups(client)
    except KafkaException as error:
        raise unreachable(settings, error) from None
    deadline_s = time.monotonic() + 4 * REACH_S
    while set(names) & metadata(client, settings).topics.keys():
        if time.monotonic() > deadline_s:
            raise DependencyError("Kafka does not delete the topics of the last run")
        time.sleep(LOOK_EVERY_S)
    topics.create(settings)


def _forget_groups(client: AdminClient) -> None:
    known = client.list_consumer_groups(request_timeout=REACH_S).result().valid
    groups = [group.group_id for group in known if group.group_id.startswith(OURS)]
    if groups:
        for future in client.delete_consumer_groups(groups, request_timeout=REACH_S).values():
            future.result()
