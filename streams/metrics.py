"""The numbers that Prometheus reads; processes of one service share them through a directory of files.

The supervisor sets `PROMETHEUS_MULTIPROC_DIR` before its children import this module; a process without it
counts for itself.
"""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_READ = Counter("ringfence_events_read", "Signalling events read, arrays unpacked.")
EVENTS_REJECTED = Counter("ringfence_events_rejected", "Events and records sent to the dead letters.", ["reason"])
ROWS_PRODUCED = Counter("ringfence_rows_produced", "Rows sent to their owners: one event gives several.")
BLOCKS_PRODUCED = Counter("ringfence_blocks_produced", "Columnar blocks of rows sent to their owners.")
DUPLICATES = Counter("ringfence_duplicates", "Second copies of an event, not counted again.")
LATE = Counter("ringfence_late", "Events later than the allowed lateness: they change no window.")
FINDINGS = Counter("ringfence_findings", "Findings by what their evidence would justify.", ["verdict"])
COMMANDS = Counter("ringfence_commands", "Commands written, by mode and action.", ["mode", "action"])
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
    "Age of the newest event that a role has seen: append time less event time.",
    ["role"],
    multiprocess_mode="livemax",
)
STATE_KEYS = Gauge("ringfence_state_keys", "Keys held in state, by kind.", ["kind"], multiprocess_mode="livesum")

PRODUCE_TO_COMMAND = Histogram(
    "ringfence_produce_to_command_milliseconds",
    "From the append of the event that completed a proof to the append of its command.",
    buckets=(10, 20, 30, 50, 75, 100, 150, 200, 250, 350, 500, 1000, 2500, 10_000, 60_000),
)
KERNEL_MS = Histogram(
    "ringfence_batch_milliseconds",
    "Work on one batch, by role: a handler that blocks delays everything behind it.",
    ["role"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
