"""Runs schedules one after the other, and compares what each leaves."""

from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Self

from models.tables import FreePrefix, ShortCode, Tables, TariffRow
from streams.key_files import Role, new_key
from tests.faults.compare import differences
from tests.faults.roles import settings_of, virtual
from tests.faults.schedule import Outcome, Schedule
from tests.faults.traffic import FACTS, NAMES, Plan, plans


class Run(NamedTuple):
    """A schedule that was run."""

    seed: int
    steps: list[str]
    differences: list[str]
    outcome: Outcome | None


class Simulation:
    """Everything that schedules share; a context in which `streams` talks to virtual Kafkas.

    Args:
        keys: an empty directory for keys.
        planned: what the schedules are about, in turn; all plans where there is none.
    """

    def __init__(self, keys: Path, planned: Sequence[Plan] = ()) -> None:
        self._plans = planned or plans()
        new_key(keys, Role.DECIDER, "d1")
        self.settings = settings_of(keys)
        self.tables = Tables(
            short_codes=tuple(ShortCode(code, NAMES[code]) for code in sorted(FACTS.short_codes)),
            free_prefixes=tuple(FreePrefix(f"+{row.prefix}", plan=row.plan) for row in FACTS.free),
            tariff=tuple(TariffRow(f"+{prefix}", Decimal(rate), "MAD") for prefix, rate in FACTS.tariff.items()),
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(virtual())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, seed: int, faults: bool = True) -> Run:
        """Run the schedule of a seed; a failure of its own is a difference, too."""
        plan = self._plans[seed % len(self._plans)]
        schedule = Schedule(seed, plan, self.settings, self.tables, faults)
        try:
            outcome = schedule.run()
            return Run(seed, outcome.steps, differences(outcome, self.settings, self.tables), outcome)
        except AssertionError as error:
            return Run(seed, schedule.outcome.steps, [str(error)], None)
