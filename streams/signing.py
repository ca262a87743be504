"""Ed25519 signatures on commands and orders (contract, section 3), made and verified by role."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from streams.errors import UsageError
from streams.key_files import PRIVATE, PUBLIC, Role, kid_of, private_key, public_files, public_key

__all__ = ["KeyRing", "Role", "SignatureError", "Signer"]

ALGORITHM = b"ed25519"
Headers = Sequence[tuple[str, bytes | None]]


CONTEXTS = {Role.DECIDER: b"ringfence-command-v1\0", Role.OPERATOR: b"ringfence-policy-v1\0"}
"""What is signed begins with it, so that no signature of one kind is good for the other."""


class SignatureError(ValueError):
    """A record that nobody signed whom we trust for it."""


def _signed_bytes(role: Role, topic: str, key: bytes, value: bytes) -> bytes:
    return CONTEXTS[role] + topic.encode() + b"\0" + key + b"\0" + value


class Signer:
    """A private key and the role it signs in."""

    def __init__(self, role: Role, key: Ed25519PrivateKey) -> None:
        self._role = role
        self._key = key
        self.kid = kid_of(key.public_key())

    def sign(self, topic: str, key: bytes, value: bytes) -> list[tuple[str, bytes]]:
        """The headers of a record: `kid`, `alg`, and `sig` as 64 raw bytes."""
        signature = self._key.sign(_signed_bytes(self._role, topic, key, value))
        return [("kid", self.kid.encode()), ("alg", ALGORITHM), ("sig", signature)]


class KeyRing:
    """The public keys that are trusted, by role and kid; private ones are read when somebody signs."""

    def __init__(self, trusted: Mapping[Role, Mapping[str, Ed25519PublicKey]], directory: Path | None = None) -> None:
        self._trusted = {role: dict(trusted.get(role, {})) for role in Role}
        self._directory = directory

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read `DIR/ROLE/NAME.pub.pem`; a directory that is not there holds no keys.

        Raises:
            UsageError: a file that cannot be read or holds no Ed25519 public key.
        """
        trusted: dict[Role, dict[str, Ed25519PublicKey]] = {role: {} for role in Role}
        for role, path in public_files(directory):
            key = public_key(path)
            trusted[role][kid_of(key)] = key
        return cls(trusted, directory)

    def kids(self, role: Role) -> frozenset[str]:
        """The ids of the keys trusted in a role."""
        return frozenset(self._trusted[role])

    def signer(self, role: Role, name: str | None = None) -> Signer:
        """The one private key of a role, or the one of that name.

        Raises:
            UsageError: there is none, more than one, one that others may read, or one that is no Ed25519 key.
        """
        where = (self._directory or Path()) / role
        found = [p for p in sorted(where.glob(f"*{PRIVATE}")) if not p.name.endswith(PUBLIC)]
        if name is not None:
            found = [path for path in found if path.name == name + PRIVATE]
        if not found:
            wanted = "no private key" if name is None else f"no private key {name}"
            raise UsageError(f"{where}: {wanted} (make one: ringfence keys new {name or 'NAME'} --role {role})")
        if len(found) > 1:
            names = ", ".join(path.name.removesuffix(PRIVATE) for path in found)
            raise UsageError(f"{where}: more than one private key ({names}): name the one to sign with")
        return Signer(role, private_key(found[0]))

    def verify(self, role: Role, topic: str, key: bytes, value: bytes, headers: Headers | None) -> str:
        """See that somebody trusted in this role signed these bytes; gives the signer's kid.

        Raises:
            SignatureError: a header is missing or there twice, the kid is unknown, or the signature is bad.
        """
        kid, alg, signature = (_only(headers or (), name) for name in ("kid", "alg", "sig"))
        if alg != ALGORITHM:
            raise SignatureError("alg is not ed25519")
        trusted = self._trusted[role].get(kid.decode("ascii", "replace"))
        if trusted is None:
            raise SignatureError("unknown kid")
        if b"\0" in key:
            raise SignatureError("a key with a zero byte")  # it would let key and value be cut elsewhere
        try:
            trusted.verify(signature, _signed_bytes(role, topic, key, value))
        except InvalidSignature:
            raise SignatureError("bad signature") from None
        return kid.decode("ascii")


def _only(headers: Headers, name: str) -> bytes:
    found = [value for header, value in headers if header == name]
    if len(found) != 1 or not found[0]:
        raise SignatureError(f"header {name} is missing or not the only one")
    return found[0]
