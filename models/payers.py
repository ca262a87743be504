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
        account: uint64[events], its key; 0 where there is none.
        trunk: uint64[events], the incoming trunk's key; 0 where there is none.
        attested: bool[events], attestation `A`.
    """

    callers: Keys
    account: Keys
    trunk: Keys
    attested: Mask

    @property
    def unverified(self) -> Mask:
        """Whose caller nobody vouches for: came in by a trunk with neither account nor attestation `A`."""
        foreign: Mask = (self.trunk != 0) & (self.account == 0) & ~self.attested
        return foreign


def given_keys(kind: Key, texts: Sequence[str | None]) -> Keys:
    """Return a key per text, uint64[texts]; 0 where none is given."""
    there = flagged(texts)
    if not there.any():
        return np.zeros(len(texts), np.uint64)
    return np.where(there, keys_of(kind, [text or "" for text in texts]), np.uint64(0))


def paying_of(events: Sequence[Event], callers: Keys) -> Paying:
    """Return who could pay for every event.

    Args:
        events: as decoded.
        callers: uint64[events], 0 where withheld.
    """
    return Paying(
        callers,
        given_keys(Key.ACCOUNT, [event.account for event in events]),
        given_keys(Key.TRUNK, [event.trunk_in for event in events]),
        flagged([event.attestation == "A" for event in events]),
    )


def payers_from(paying: Paying, counted: Counted) -> Keys:
    """Return the payer of every event, uint64[events]; 0 is nobody that counts.

    All callers that came in by one `trunk_in` with neither account nor attestation `A` are one, whoever is
    counted (contract section 2). Else it is the account, then the caller; or the caller, the account, the trunk.
    """
    callers, account, trunk, _ = paying
    caller = np.where(callers != 0, mixed(callers, int(Key.CALLER)), np.uint64(0))
    foreign = paying.unverified
    if counted == "account":
        return np.select([account != 0, foreign], [account, trunk], caller)
    return np.select([foreign, callers != 0, account != 0], [trunk, caller, account], trunk)
