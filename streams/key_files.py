"""The directory of signing keys: `DIR/ROLE/NAME.pem` (private) and `NAME.pub.pem`; made, listed and read."""

import enum
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from streams.errors import UsageError

PRIVATE, PUBLIC = ".pem", ".pub.pem"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Role(enum.StrEnum):
    """Who signs: the decider its commands, an operator the orders of `fraud.policy`."""

    DECIDER = "decider"
    OPERATOR = "operator"


class KeyFile(NamedTuple):
    """A key pair in the directory; `private` tells whether its private half is here too."""

    role: Role
    name: str
    kid: str
    private: bool


def kid_of(key: Ed25519PublicKey) -> str:
    """The key's id: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def new_key(directory: Path, role: Role, name: str) -> KeyFile:
    """Make a key pair, `NAME.pem` (mode 0600) and `NAME.pub.pem`; what is there is never overwritten.

    Raises:
        UsageError: a bad name, a key of this name, or a directory that cannot be written.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"key name {name!r}: use letters, digits, - and _, at most 64")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    where = directory / role
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        # the public half first: it may be there alone, a trusted key whose private half is elsewhere
        _write_new(where / (name + PUBLIC), public, 0o644)
        _write_new(where / (name + PRIVATE), private, 0o600)
    except FileExistsError:
        raise UsageError(f"{where}: there is a key {name} already: choose another name") from None
    except OSError as error:
        raise UsageError(f"{where}: cannot write keys: {error.strerror}") from None
    return KeyFile(role, name, kid_of(key.public_key()), private=True)


def list_keys(directory: Path) -> list[KeyFile]:
    """Every key pair in the directory.

    Raises:
        UsageError: a file that cannot be read or holds no Ed25519 public key.
    """
    found = []
    for role, path in public_files(directory):
        name = path.name.removesuffix(PUBLIC)
        private = path.with_name(name + PRIVATE).exists()
        found.append(KeyFile(role, name, kid_of(public_key(path)), private))
    return found


def _write_new(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def public_files(directory: Path) -> Iterator[tuple[Role, Path]]:
    """The files of public keys, by role and name."""
    for role in Role:
        for path in sorted((directory / role).glob(f"*{PUBLIC}")):
            yield role, path


def public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        UsageError: it cannot be read or is no Ed25519 key.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot read: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: not an Ed25519 key")
    return key


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key that nobody else may read.

    Raises:
        UsageError: it cannot be read, others may read it, or it is no Ed25519 key.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{path}: others may read this private key (chmod 600 it)")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"{path}: cannot read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: not an Ed25519 key")
    return key
