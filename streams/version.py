"""Which build this is: on the command line, and in every dead letter."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed() -> str:
    """The version of the installed distribution, `(not installed)` where the tree is run as it stands."""
    try:
        return version("ringfence")
    except PackageNotFoundError:
        return "(not installed)"
