"""Learns from rows, batch by batch, and says at the end what it would propose, whatever the order of the rows."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.evidence import OTHER_ID
from models.learning.accounts import Accounts, accounts_of
from models.learning.bundles import bundles
from models.learning.cells import PAYERS_EACH, PLAN, SWITCH, Cells, cells_of, payers_of, priced
from models.learning.ends import end_priced, is_no_witness
from models.learning.grain import GRAINS
from models.learning.groups import NEVER, NONE, Ints
from models.learning.proposals import FreePrefix, Learned
from models.learning.search import ANY, NODES_MAX, Found, Search
from models.learning.slips import Known, proposed
from models.name_table import NAMES_MAX, NameTable
from models.row_table import Rows

PENDING_MAX: Final = 200_000
"""Rows that are gathered before they are counted together."""
_COLUMNS: Final = ("switch", "plan")


class Learner:
    """What a history has taught so far."""

    def __init__(self, known: Known, cells: Cells | None = None, accounts: Accounts | None = None) -> None:
        self._known = known
        self._cells = cells or Cells()
        self._accounts = accounts or Accounts()
        self._names = {column: NameTable() for column in _COLUMNS}
        self._account_names: dict[int, str] = {}
        self._pending: list[Rows] = []
        self._waiting = self._events = 0
        self._first, self._last = NEVER, NONE

    def take(self, rows: Rows) -> None:
        """Learn from a batch of rows."""
        if not len(rows):
            return
        self._events += len(rows)
        self._first, self._last = min(self._first, int(rows.ts.min())), max(self._last, int(rows.ts.max()))
        self._pending.append(rows)
        self._waiting += len(rows)
        if self._waiting >= PENDING_MAX:
            self._count()

    def nameless(self, rows: Rows) -> list[tuple[int, int]]:
        """Accounts (else callers) of rows that have no name yet and could be proposed, each with a row's position."""
        accounts = accounts_of(rows)
        kept = np.flatnonzero(self._accounts.holds(accounts))
        found, first = np.unique(accounts[kept], return_index=True)
        pairs = zip(found.tolist(), kept[first].tolist(), strict=True)
        return [pair for pair in pairs if pair[0] not in self._account_names]

    def name(self, account: int, text: str) -> None:
        """Say what an account of `nameless` is called."""
        self._account_names[account] = text

    def learned(self, notes: Sequence[str] = ()) -> Learned:
        """All proposals from what was taken; `notes` come before the learner's own."""
        self._count()
        table, payers, switches, plans = self._by_name()
        ends = end_priced(table, switches)
        table = table[~is_no_witness(table, switches, ends)]
        search = Search(table, payers, self._cells.grain.digits)
        free = [self._proposed(found, switches, plans) for found in search.run()]
        return Learned(
            free_prefixes=tuple(sorted(free, key=_order)),
            end_priced=tuple(ends),
            bundles=tuple(bundles(table, search.left, plans, self._known.country)),
            test_accounts=tuple(self._accounts.proposals(self._account_names)),
            events=self._events,
            first_ms=self._first if self._events else None,
            last_ms=self._last if self._events else None,
            notes=(*notes, *self._notes(search.cut)),
        )

    def _by_name(self) -> tuple[Ints, Ints, list[str], list[str]]:
        """Cells and payers with ids in the order of the names, not of their first use; switches, plans by these ids."""
        table, payers = self._cells.table.copy(), self._cells.payers.copy()
        texts = []
        for column, of_cells, of_payers in (("switch", SWITCH, 1), ("plan", PLAN, 2)):
            used = self._names[column].texts
            ordered = used[: OTHER_ID + 1] + sorted(used[OTHER_ID + 1 :])
            place = {name: number for number, name in enumerate(ordered)}
            ids = np.array([number if number <= OTHER_ID else place[name] for number, name in enumerate(used)])
            table[:, of_cells], payers[:, of_payers] = ids[table[:, of_cells]], ids[payers[:, of_payers]]
            texts.append(ordered)
        return table, payers, texts[0], texts[1]

    def _proposed(self, found: Found, switches: Sequence[str], plans: Sequence[str]) -> FreePrefix:
        plan = "" if found.plan == ANY else plans[found.plan]
        switch = "" if found.switch == ANY else switches[found.switch]
        return proposed(found, plan, switch, self._known)

    def _count(self) -> None:
        """Count the rows that wait."""
        if not self._pending:
            return
        rows = Rows.concat(self._pending)
        self._pending, self._waiting = [], 0
        self._accounts.add(rows)
        self._forget_names()
        rows = rows.take(priced(rows))
        switch, plan = (self._ids(rows, column) for column in _COLUMNS)
        self._cells.add(cells_of(rows, switch, plan), payers_of(rows, switch, plan))

    def _ids(self, rows: Rows, column: str) -> Ints:
        """Ids of the names in a column, int64[rows]; beyond the limit of names they share one."""
        codes, where = np.unique(getattr(rows, column), return_inverse=True)
        named = sorted((rows.names[code], at) for at, code in enumerate(codes.tolist()))
        ids = np.zeros(len(codes), np.int64)
        for name, at in named:
            ids[at] = self._names[column].id(name)
        return ids[where]

    def _forget_names(self) -> None:
        """Drop the names of accounts that left the sample."""
        keys = np.fromiter(self._account_names, np.int64, len(self._account_names))
        for account in keys[~self._accounts.holds(keys)].tolist():
            del self._account_names[account]

    def _notes(self, cut: bool) -> list[str]:
        """What was not told apart, in sentences; nothing where all was."""
        cells, accounts = self._cells, self._accounts
        notes = []
        if cells.grain != GRAINS[0]:
            notes.append(f"there was too much to keep each call apart: {cells.grain.described()}")
        if cells.payers_each != PAYERS_EACH[0]:
            notes.append(f"at most {cells.payers_each} payers were counted for a prefix, switch and plan")
        full = (column for column in _COLUMNS if len(self._names[column].texts) >= NAMES_MAX)
        notes += [f"more than {NAMES_MAX:,} names of a {column}: the others were taken for one" for column in full]
        if accounts.sampled > 1:
            notes.append(f"test accounts were looked for among one account in {accounts.sampled}")
        if cut:
            notes.append(f"more than {NODES_MAX:,} prefixes had free calls: the longest were not looked at")
        return notes


def _order(one: FreePrefix) -> tuple[str, str, str]:
    return one.prefix, one.plan, one.switch
