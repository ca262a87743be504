"""The roles of the service and where each one's code is; a role is imported in its own process only."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from streams.errors import UsageError

if TYPE_CHECKING:
    from models.tables import Tables
    from streams.settings import Settings

ROLES = {
    "intake": "streams.intake:main",
    "detector": "streams.detector:main",
    "decider": "streams.decider:main",
}
"""Name -> `module:function`; the function takes settings and tables, and blocks until SIGTERM."""


def entry(role: str) -> "Callable[[Settings, Tables], None]":
    """Import a role and give its entry point."""
    module, name = ROLES[role].split(":")
    function: Any = getattr(import_module(module), name)
    return function  # type: ignore[no-any-return] # looked up by name


def chosen(names: list[str], instances: list[str], roles: Mapping[str, str] = ROLES) -> dict[str, int]:
    """How many processes of each role to start: all roles, or those named.

    Args:
        names: roles from the command line; none means all.
        instances: `role=count`, for roles that run more than once.
        roles: the roles there are.

    Raises:
        UsageError: an unknown role, or a count that is none.

    >>> chosen(["intake", "detector"], ["detector=2"])
    {'intake': 1, 'detector': 2}
    """
    counts = {_known(name, roles): 1 for name in names or roles}
    for text in instances:
        name, _, count = text.partition("=")
        if not count.isdecimal() or not 1 <= int(count) <= 64:
            raise UsageError(f"--instances {text}: write ROLE=COUNT with a count from 1 to 64, as detector=2")
        if _known(name, roles) not in counts:
            raise UsageError(f"--instances {text}: {name} is not among the roles to run ({', '.join(counts)})")
        counts[name] = int(count)
    return counts


def _known(name: str, roles: Mapping[str, str]) -> str:
    if name in roles:
        return name
    near = get_close_matches(name, roles, 1)
    hint = f"did you mean {near[0]}?" if near else f"the roles are {', '.join(roles)}"
    raise UsageError(f"unknown role {name}: {hint}")
