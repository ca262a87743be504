"""What a second witness says of busy keys: the isolation forest's part in the burst rules, as they see it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.windows.moments import Moments

Reasons = tuple[tuple[str, float], ...]


class Testimony(Protocol):
    """What a forest says of moments.

    Attributes:
        score: float64[n], NaN where there is no model of the kind or the moment was refused.
        unusual: bool[n], at or over the threshold of its kind.
        reasons: of each that is unusual, the features that tell most and their shares; empty of the others.
        refused: moments by the feature that was out of its range.
    """

    @property
    def score(self) -> npt.NDArray[np.float64]: ...  # noqa: D102 - above

    @property
    def unusual(self) -> npt.NDArray[np.bool_]: ...  # noqa: D102 - above

    @property
    def reasons(self) -> Sequence[Reasons]: ...  # noqa: D102 - above

    @property
    def refused(self) -> Mapping[str, int]: ...  # noqa: D102 - above


class Witness(Protocol):
    """A forest with its models; `name` is what a command says of it (contract, section 3: `model`)."""

    @property
    def name(self) -> str: ...  # noqa: D102 - above

    def testify(self, moments: Moments) -> Testimony:
        """Say what is unusual."""
