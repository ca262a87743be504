"""What a calling code says about its leaks: from state to findings, with names and positions in full."""

from collections.abc import Mapping, Sequence

from models.answered import AnsweredPrefixes
from models.findings import Evidence, Finding, Leak, Mended, Source, Subject, Withdrawn
from models.money import spelled
from models.name_table import NameTable
from models.standing import Standing

NOWHERE = Source("", 0, 0)
"""Until the detector knows the batch's position, a finding has none."""
OFFSETS_MAX = 20

Told = tuple[int, Finding]
"""A finding and the row of the batch that gave it."""


class Telling:
    """Findings of one calling code; `names` are the detector's by column, `origins` its source partitions' names."""

    def __init__(self, code: str, names: Mapping[str, NameTable], origins: Sequence[str]) -> None:
        self.code = code
        self._names = names
        self._origins = origins

    def currency(self, currency: int) -> str:
        """A currency's name by its id."""
        return self._names["currency"].texts[currency]

    def subject(self, leak: Standing) -> Subject:
        """What a leak is about."""
        names = (self._names[column].texts for column in ("switch", "trunk", "plan"))
        places = (texts[i] if i else None for texts, i in zip(names, leak.qualifiers, strict=True))
        return Subject("called" if leak.single else "prefix", "+" + leak.digits, *places)

    def withdrawn(self, leak: Standing, why: str) -> Withdrawn:
        """A charge, or a paid call that came late, spoke against a leak's proof."""
        return Withdrawn(NOWHERE, self.subject(leak), leak.first_ts, why)

    def mended(self, leak: Standing) -> Mended:
        """Two payers have paid under a leak."""
        return Mended(NOWHERE, self.subject(leak), leak.first_ts, leak.last_ts)

    def leak(self, leak: Standing, answered: AnsweredPrefixes, talk_ms: int, replaced: Sequence[Standing] = ()) -> Leak:
        """A leak as it stands; it takes the place of those that it `replaced`; `talk_ms` is the mean call's length."""
        switches = self._names["switch"].texts
        return Leak(
            source=NOWHERE,
            subject=self.subject(leak),
            grade=leak.grade,  # type: ignore[arg-type] # one of Grade by construction
            why=leak.why,
            evidence=self._evidence(leak),
            code=self.code,
            newest_start=leak.newest_start,
            answered=answered.hour_before(leak.first_ts, leak.digits, leak.qualifiers),
            switches=tuple(sorted(switches[i] for i in leak.switches if i)),
            entry=leak.entry,
            entry_kind=leak.entry_kind,
            talk_ms=talk_ms,
            replaces=tuple(self.subject(other) for other in replaced),
            rated=spelled(leak.charged) if leak.charged > 0 else None,
            late_ms=leak.late_ms,
        )

    def _evidence(self, leak: Standing) -> Evidence:
        return Evidence(
            free_calls=leak.free_calls,
            payers=len(leak.payers),
            called=len(leak.called),
            first_ts=leak.first_ts,
            last_ts=leak.last_ts,
            paid_since_first=0,
            free_share_before=round(leak.before.share, 6),
            log10_odds=round(leak.odds, 2),
            expected_rate=spelled(leak.rate),
            currency=leak.currency or None,
            offsets=tuple(f"{self._origins[s]}{offset}" for s, offset in list(leak.payers.values())[:OFFSETS_MAX]),
        )
