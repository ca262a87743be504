"""What a command touches (contract, section 3): one exact value, narrowed by qualifiers, and its key."""

import enum
import re
from collections.abc import Callable
from typing import Self

import msgspec

QUALIFIERS = ("switch", "trunk", "plan")
"""Members of a target that narrow it, in the order in which a key names them."""

_ESCAPES = {"%": "%25", "@": "%40", "=": "%3D"}
_QUOTE = str.maketrans(_ESCAPES)
_QUOTED = re.compile("|".join(_ESCAPES.values()))
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_NUMBER = re.compile(r"\+[1-9][0-9]{0,30}|[0-9]{1,32}")
_WILDCARD = re.compile(r"[*?]")


class Scope(enum.StrEnum):
    """What a target's value is; `TRUNK` is the incoming one (`trunk_in`)."""

    PREFIX = "prefix"
    CALLED = "called"
    CALLER = "caller"
    ACCOUNT = "account"
    TRUNK = "trunk"


class CommandError(ValueError):
    """Bytes that are no command of the contract: status 400."""


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """The calls that a command touches: one exact value, narrowed by the qualifiers that are set."""

    scope: Scope
    value: str
    switch: str | None = None
    trunk: str | None = None
    plan: str | None = None

    def key(self) -> str:
        """The record key on `fraud.control`.

        >>> Target(Scope.PREFIX, "+333", plan="a@b", switch="fes-msc-1").key()
        'prefix:+333@switch=fes-msc-1@plan=a%40b'
        """
        key = f"{self.scope}:{self.value.translate(_QUOTE)}"
        for name in QUALIFIERS:
            value = getattr(self, name)
            if value is not None:
                key += f"@{name}={value.translate(_QUOTE)}"
        return key

    @classmethod
    def from_key(cls, key: str) -> Self:
        """The target that a key names.

        Raises:
            CommandError: not a key as `key()` writes it, or a value that no target may have.

        >>> Target.from_key("caller:+212661234567").value
        '+212661234567'
        """
        head, *qualifiers = key.split("@")
        scope, _, value = head.partition(":")
        members = dict(part.partition("=")[::2] for part in qualifiers)
        if scope not in _SHAPES or not members.keys() <= set(QUALIFIERS):
            raise CommandError(f"not a target key: {key!r}")
        found = cls(Scope(scope), _unquote(value), **{name: _unquote(v) for name, v in members.items()})
        if found.key() != key:
            raise CommandError(f"not a target key: {key!r} (its normal form is {found.key()!r})")
        if fault := found.fault():
            raise CommandError(fault)
        return found

    def fault(self) -> str:
        """Why no command may have this target; empty where it may.

        A prefix or number is digits, an account, trunk or qualifier is a name: nothing empty, no wildcard.
        """
        if not _SHAPES[self.scope](self.value):
            return f"target.value of scope {self.scope} is empty, a wildcard or malformed"
        for name in QUALIFIERS:
            value = getattr(self, name)
            if value is not None and not _is_name(value):
                return f"target.{name} is empty, a wildcard or malformed"
        return ""


def switch_key(switch: str) -> str:
    """The key of a whole switch: incidents are about one, commands never are.

    >>> switch_key("cas@msc-1")
    'switch:cas%40msc-1'
    """
    return f"switch:{switch.translate(_QUOTE)}"


def _unquote(text: str) -> str:
    return _QUOTED.sub(lambda found: chr(int(found[0][1:], 16)), text)


def _is_name(value: str) -> bool:
    """Whether a value names one thing: printable, with a letter or digit, no `*` or `?`."""
    shaped = 0 < len(value) <= 128 and value.isprintable() and any(map(str.isalnum, value))
    return shaped and not _WILDCARD.search(value)


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


_SHAPES: dict[Scope, Callable[[str], bool]] = {
    Scope.PREFIX: lambda value: _PREFIX.fullmatch(value) is not None,
    Scope.CALLED: _is_number,
    Scope.CALLER: _is_number,
    Scope.ACCOUNT: _is_name,
    Scope.TRUNK: _is_name,
}
