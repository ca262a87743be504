"""The numbers that Prometheus reads; processes of one service share them through a directory of files.

The supervisor sets `PROMETHEUS_MULTIPROC_DIR` before its children import this module; a process without it
counts for itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

EVENTS_READ = Counter("ringfence_events_read", "Signalling events read, arrays unpacked.")
EVENTS_REJECTED = Counter("ringfence_events_rejected", "Events and records sent to the dead letters.", ["reason"])
ROWS_PRODUCED = Counter("ringfence_rows_produced", "Rows sent to their owners: one event gives several.")
BLOCKS_PRODUCED = Counter("ringfence_blocks_produced", "Columnar blocks of rows sent to their owners.")
DUPLICATES = Counter("ringfence_duplicates", "Copies of an event, not counted again.")
LATE = Counter("ringfence_late", "Events later than the allowed lateness, or than any use: they change no window.")
FINDINGS = Counter("ringfence_findings", "Findings by what their evidence would justify.", ["verdict"])
VERDICTS = Counter(
    "ringfence_verdicts", "What became of findings: by rule, verdict and why.", ["reason", "verdict", "why"]
)
COMMANDS = Counter("ringfence_commands", "Commands written, by mode and action.", ["mode", "action"])
ORDERS = Counter("ringfence_operator_orders", "Operators' records, by what became of them.", ["result"])
CHECKPOINTS = Counter("ringfence_checkpoints", "Manifests written: states that a restart resumes from.")

LAG = Gauge("ringfence_lag_records", "Records not yet read, by topic.", ["topic"], multiprocess_mode="livesum")
PROGRESS = Gauge(
    "ringfence_last_progress_timestamp_seconds",
    "When a role last moved on, Unix time.",
    ["role"],
    multiprocess_mode="livemax",
)
EVENT_AGE = Gauge(
    "ringfence_event_age_seconds",
    "Age of the newest event of the last batch when it was appended: how late the network reports.",
    multiprocess_mode="livemax",
)
STATE_KEYS = Gauge("ringfence_state_keys", "Keys held in state, by kind.", ["kind"], multiprocess_mode="livesum")
STATE_BYTES = Gauge("ringfence_state_bytes", "Memory of windows, by kind.", ["kind"], multiprocess_mode="livesum")
TABLES_BROKEN = Gauge(
    "ringfence_tables_broken",
    "1 while a file of the operator's tables is broken and the last good one is in force.",
    multiprocess_mode="livemax",
)

BURSTS_UNTOLD = Gauge(
    "ringfence_bursts_untold",
    "Findings of bursts that had no room in their minute: a flood of many keys is told of by a part of them.",
    multiprocess_mode="livesum",
)
FEATURES_REFUSED = Gauge(
    "ringfence_forest_refused_rows",
    "Rows that the isolation forest refused since the start, by the feature that was missing or out of range.",
    ["feature"],
    multiprocess_mode="livesum",
)
MODEL_REFUSED = Gauge(
    "ringfence_model_refused",
    "1 while the isolation forest's files are refused and the last good model, or none, is in force.",
    multiprocess_mode="livemax",
)

PRODUCE_TO_COMMAND = Histogram(
    "ringfence_produce_to_command_milliseconds",
    "From the append of the oldest event of the batch that completed a proof until its command was acknowledged.",
    buckets=(10, 20, 30, 50, 75, 100, 150, 200, 250, 350, 500, 1000, 2500, 10_000, 60_000),
)
KERNEL_MS = Histogram(
    "ringfence_batch_milliseconds",
    "Work on one batch, by role: a handler that blocks delays everything behind it.",
    ["role"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)


@contextmanager
def timed(role: str) -> Iterator[None]:
    """Count the work inside as one batch of a role's."""
    started_s = time.perf_counter()
    yield
    KERNEL_MS.labels(role=role).observe((time.perf_counter() - started_s) * 1000)
