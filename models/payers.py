"""Who pays for a call, and so counts as one in evidence: nobody can frame a route by spoofing callers."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from models.columns import flagged
from models.events import Event
from models.hashing import Key, Keys, keys_of, mixed

Mask = npt.NDArray[np.bool_]
Counted = Literal["account", "caller"]
"""`[detection] payer`: "caller" where an account is a whole carrier."""


class Paying(NamedTuple):
    """Who could pay, a column each.

    Attributes:
        callers: uint64[events], 0 where withheld.
        account: uint64[events], of no meaning where `has_account` is false.
        has_account: bool[events].
        trunk: uint64[events], the incoming trunk's key, 0 where there is none.
        has_trunk: bool[events].
        attested: bool[events], attestation `A`.
    """

    callers: Keys
    account: Keys
    has_account: Mask
    trunk: Keys
    has_trunk: Mask
    attested: Mask


def _keys(kind: Key, texts: Sequence[str | None], there: Mask) -> Keys:
    """Return a key per text, 0 where there is none."""
    if not there.any():
        return np.zeros(len(texts), np.uint64)
    return np.where(there, keys_of(kind, [text or "" for text in texts]), np.uint64(0))


def payers_of(events: Sequence[Event], callers: Keys, counted: Counted) -> Keys:
    """Return the payer of every event, uint64[events]; 0 is nobody that counts.

    All callers that came in by one `trunk_in` with neither account nor attestation `A` are one, whoever is
    counted (contract section 2). Else it is the account, then the caller; or the caller, the account, the trunk.

    Args:
        events: as decoded.
        callers: uint64[events], 0 where withheld.
        counted: who is counted where an event names both.
    """
    accounts, trunks = [event.account for event in events], [event.trunk_in for event in events]
    has_account, has_trunk = flagged(accounts), flagged(trunks)
    paying = Paying(
        callers,
        _keys(Key.ACCOUNT, accounts, has_account),
        has_account,
        _keys(Key.TRUNK, trunks, has_trunk),
        has_trunk,
        flagged([event.attestation == "A" for event in events]),
    )
    return payers_from(paying, counted)


def payers_from(paying: Paying, counted: Counted) -> Keys:
    """Return the payer of every event, as `payers_of` does, from columns."""
    callers, account, has_account, trunk, has_trunk, attested = paying
    caller = np.where(callers != 0, mixed(callers, int(Key.CALLER)), np.uint64(0))
    foreign = has_trunk & ~has_account & ~attested
    if counted == "account":
        return np.select([has_account, foreign], [account, trunk], caller)
    return np.select([foreign, callers != 0, has_account], [trunk, caller, account], trunk)
