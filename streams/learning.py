"""Moves a recorded history through `models.learning`, and writes what it proposes into a directory."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from models.learning.cells import Cells
from models.learning.learner import Learner
from models.learning.proposals import Learned
from models.learning.report import report
from models.learning.sheets import sheets
from models.learning.slips import Known
from models.plan import country_name
from models.row_table import Rows
from models.scan.rows import scan_rows
from models.tables import Tables
from streams.assembly import known_of
from streams.errors import UsageError
from streams.settings import Settings

REPORT = "report.md"


class Learning:
    """Records in, proposals out; the order of independent sources does not matter."""

    def __init__(self, settings: Settings, tables: Tables, cells: Cells | None = None) -> None:
        known = known_of(settings, tables)
        told = Known(known.short_codes, known.expected, known.is_freephone, country_name)
        self._settings = settings
        self._tables = tables
        self._network = settings.numbering()
        self._learner = Learner(told, cells)
        self._refused: Counter[str] = Counter()

    def feed(self, records: Sequence[bytes]) -> None:
        """Take the next records."""
        source, offset = np.zeros(len(records), np.int32), np.arange(len(records))
        payer = self._settings.detection.payer
        rows, rejects = scan_rows(records, None, self._network, self._tables, source, offset, payer)
        self._refused.update(str(reject.reason) for reject in rejects)
        self._learner.take(rows)
        for account, position in self._learner.nameless(rows):
            self._learner.name(account, _account(records, rows, position))

    def learned(self) -> Learned:
        """All that is proposed."""
        refused = sorted(self._refused.items())
        return self._learner.learned([f"{count:,} events were refused: {reason}" for reason, count in refused])


def _account(records: Sequence[bytes], rows: Rows, position: int) -> str:
    """The account of a row, else its caller, as its record spells it."""
    record: Any = msgspec.json.decode(records[int(rows.offset[position])])
    event = record[int(rows.index[position])] if isinstance(record, list) else record
    return str(event.get("account") or event.get("caller") or "")


def write(directory: Path, learned: Learned) -> list[Path]:
    """Write the proposed tables and the report; gives their paths.

    Raises:
        UsageError: the directory cannot be written to.
    """
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in {**sheets(learned), REPORT: report(learned)}.items():
            path = directory / name
            path.write_bytes(text.encode(errors="replace"))
            written.append(path)
    except OSError as error:
        raise UsageError(f"{directory}: cannot write there: {error.strerror}") from None
    return written
