"""The closing table: what the incident cost, how fast it ended, and whether honest calls suffered."""

from dataclasses import dataclass

from models.scenarios.switch import CURRENCY, Tally
from streams.cli.common import print_table
from streams.errors import NegativeAnswer


@dataclass(slots=True)
class Measured:
    """Times of the incident in ms since the epoch; None where it did not happen."""

    proved_ms: float | None = None
    commanded_ms: float | None = None
    ruled_ms: float | None = None
    first_refused_ms: float | None = None
    released_ms: float | None = None

    def after_proof(self, at_ms: float | None) -> str:
        """A time as milliseconds after the proving call."""
        if at_ms is None or self.proved_ms is None:
            return "never"
        return f"{at_ms - self.proved_ms:.0f} ms"


def print_report(tally: Tally, measured: Measured) -> None:
    """Print the table on standard output."""
    through = f"{tally.leaked_through} ({len(tally.payers)} payers)"
    rows = (
        ("free calls that got through", through),
        ("proving call to command on fraud.control", measured.after_proof(measured.commanded_ms)),
        ("proving call to the rule in the switch", measured.after_proof(measured.ruled_ms)),
        ("proving call to the first call refused", measured.after_proof(measured.first_refused_ms)),
        ("calls refused", str(tally.refused)),
        ("of them between the mend and the release", str(tally.refused_after_mend)),
        ("honest calls refused, these apart", str(tally.honest_refused)),
        ("what got through cost", f"{tally.lost:.2f} {CURRENCY}"),
        ("what was refused would have cost", f"{tally.saved:.2f} {CURRENCY}"),
        ("released after the mend", "yes" if measured.released_ms is not None else "no"),
    )
    print_table(("", ""), rows)


def judge(tally: Tally, measured: Measured) -> None:
    """See that all went as it should.

    Raises:
        NegativeAnswer: no block, no end of it, or an honest call was refused.
    """
    if measured.ruled_ms is None or measured.first_refused_ms is None:
        raise NegativeAnswer("the demo failed: the block did not come")
    if measured.released_ms is None:
        raise NegativeAnswer("the demo failed: the block was not released after the mend")
    if tally.honest_refused:
        raise NegativeAnswer(f"the demo failed: {tally.honest_refused} honest calls were refused")
