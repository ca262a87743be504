"""Two days of calls of some busy callers as lines of events, for tests of training."""

import json

import numpy as np

BEGIN_MS = 1_795_460_000_000
DAY_MS = 86_400_000


def lines(callers: int = 8, days: int = 2, seed: int = 3) -> list[bytes]:
    """Attempts, answers and releases in order of time."""
    rng, events = np.random.default_rng(seed), []
    for caller in range(callers):
        for day in range(days):
            for call in range(int(rng.integers(60, 140))):
                at = BEGIN_MS + day * DAY_MS + int(rng.integers(0, 60_000_000))
                events += _call(f"{caller}-{day}-{call}", caller, at, rng)
    events.sort(key=lambda event: event["ts"])
    return [json.dumps(event).encode() for event in events]


def _call(call: str, caller: int, at: int, rng: np.random.Generator) -> list[dict]:
    number = f"+3314{rng.integers(10)}{rng.integers(10**6):06d}"
    base = {"call_id": call, "caller": f"+2126{caller:08d}", "account": f"acc-{caller}", "called": number}
    made = [{"event": "attempt", "ts": at, "rate": "1.00", **base}]
    if rng.random() < 0.6:
        talked = int(rng.exponential(80_000)) + 1
        made.append({"event": "answer", "ts": at + 5_000, **base})
        made.append({"event": "release", "ts": at + 5_000 + talked, "duration_s": talked / 1000, **base})
    return made
