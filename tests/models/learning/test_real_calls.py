"""Real calls, nobody's tests and nothing free: learning proposes nothing from them."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.calls import event
from support.histories import learned

CDR = Path(__file__).parents[4] / "shared" / "data" / "cdr"


def nodobo():
    """Outgoing calls of 27 people over five months; some are dated 1980."""
    with (CDR / "nodobo_calls" / "calls.csv").open() as file:
        for number, (user, other, direction, seconds, at) in enumerate(csv.reader(file)):
            when = datetime.strptime(at, "%a %b %d %H:%M:%S %z %Y")
            if direction == "Outgoing" and when.year > 2000:
                yield number, user, other, when, float(seconds)


def vast():
    """All calls of 400 phones over ten days."""
    with (CDR / "vast2008" / "cdr.csv").open() as file:
        for number, row in enumerate(csv.DictReader(file)):
            when = datetime.strptime(row["Datetime"].strip(), "%Y%m%d %H%M").replace(tzinfo=UTC)
            yield number, row["From"], row["To"], when, float(row["Duration(seconds)"])


@pytest.mark.parametrize("calls", [nodobo, vast])
def test_honest_calls_lead_to_no_proposal(calls):
    if not CDR.exists():
        pytest.skip("../shared/data/cdr is absent")
    lines = []
    for number, user, other, when, seconds in calls():
        told = {"account": f"acc-{user}", "duration_s": seconds, "rate": "1.00", "direction": "originating"}
        to = f"+44{other.strip().lstrip('0'):0>9.9}"
        lines.append(event("cdr", f"c{number}", int(when.timestamp() * 1000), to, 1, **told))
    assert len(lines) > 3_000
    told = learned(lines)
    assert (told.free_prefixes, told.bundles, told.end_priced, told.test_accounts) == ((), (), (), ())
