"""Keys of strings: SipHash-1-3, the same in every process and on every machine.

Reference: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012); with 1 + 3 rounds it is the hash
of CPython's own strings. The key is fixed, because rows outlive the process that made them.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Word = np.uint64

HASHED = np.uint64(1 << 63)
"""Set in every key that is a hash: it is then neither 0 (nobody) nor a telephone number (below 10^15)."""


class Key(IntEnum):
    """What a key is of; its seed, so that an account and a trunk of one name are two keys."""

    ACCOUNT = ord("a")
    CALLER = ord("c")
    CALL = ord("i")
    NUMBER = ord("n")
    TRUNK = ord("t")


@nb.njit(cache=True)
def _rotate(word: Word, bits: int) -> Word:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@nb.njit(cache=True)
def _round(a: Word, b: Word, c: Word, d: Word) -> tuple[Word, Word, Word, Word]:
    """SipRound, figure 2.1 of the paper."""
    a += b
    b = _rotate(b, 13) ^ a
    a = _rotate(a, 32)
    c += d
    d = _rotate(d, 16) ^ c
    a += d
    d = _rotate(d, 21) ^ a
    c += b
    b = _rotate(b, 17) ^ c
    return a, b, _rotate(c, 32), d


@nb.njit(cache=True)
def _word(text: Bytes, start: int, size: int) -> Word:
    """Return up to 8 bytes as a little-endian word."""
    word = np.uint64(0)
    for i in range(size):
        word |= np.uint64(text[start + i]) << np.uint64(8 * i)
    return word


@nb.njit(cache=True)
def siphash(text: Bytes, start: int, end: int, seed: Word) -> Word:
    """Return SipHash-1-3 of `text[start:end]` under the key (`seed`, 0); for use in other kernels."""
    a = seed ^ np.uint64(0x736F6D6570736575)
    b = np.uint64(0x646F72616E646F6D)
    c = seed ^ np.uint64(0x6C7967656E657261)
    d = np.uint64(0x7465646279746573)
    last = np.uint64(end - start) << np.uint64(56)
    while end - start >= 8:
        word = _word(text, start, 8)
        a, b, c, d = _round(a, b, c, d ^ word)
        a ^= word
        start += 8
    last |= _word(text, start, end - start)
    a, b, c, d = _round(a, b, c, d ^ last)
    a ^= last
    c ^= np.uint64(0xFF)
    for _ in range(3):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@nb.njit(cache=True)
def siphash13(text: Bytes, starts: Positions, ends: Positions, seed: int) -> Keys:
    """Return SipHash-1-3 of every `text[starts[i]:ends[i]]` under the key (`seed`, 0)."""
    hashes = np.empty(starts.size, np.uint64)
    for i in range(starts.size):
        hashes[i] = siphash(text, starts[i], ends[i], np.uint64(seed))
    return hashes


def joined(texts: Sequence[str]) -> tuple[Bytes, Positions, Positions]:
    """Return the texts' UTF-8 in one buffer, and where each starts and ends.

    Example:
        >>> text, starts, ends = joined(["ab", "", "c"])
        >>> bytes(text), starts.tolist(), ends.tolist()
        (b'abc', [0, 2, 2], [2, 2, 3])
    """
    whole = "".join(texts)
    parts: Sequence[str | bytes] = texts if whole.isascii() else [text.encode() for text in texts]
    ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1]
    return np.frombuffer(whole.encode(), np.uint8), starts, ends


def keys_of(kind: Key, texts: Sequence[str]) -> Keys:
    """Return one key per text, uint64[texts]; an empty text has one, too."""
    return siphash13(*joined(texts), int(kind)) | HASHED


def key_of(kind: Key, text: str) -> int:
    """Return the key of one text.

    Example:
        >>> hex(key_of(Key.ACCOUNT, "acc-0042"))
        '0xf059be8647a5a495'
    """
    return int(keys_of(kind, [text])[0])


def mixed(keys: Keys, seed: npt.NDArray[Any] | int) -> Keys:
    """Return keys made of keys and a small number each (the finaliser of SplitMix64: Steele et al., 2014)."""
    mixture = keys + np.asarray(seed, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixture = (mixture ^ (mixture >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixture = (mixture ^ (mixture >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((mixture ^ (mixture >> np.uint64(31))) | HASHED, np.uint64)


def warm() -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    keys_of(Key.CALL, ["warm"])
