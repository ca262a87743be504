"""Checks of an installation: each says, line by line, what is right, and what to do about the rest."""

import enum
from typing import NamedTuple


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Line(NamedTuple):
    """One thing that was looked at; `todo` is empty where nothing is to be done."""

    level: Level
    subject: str
    says: str
    todo: str = ""


def ok(subject: str, says: str) -> Line:
    """All is well."""
    return Line(Level.OK, subject, says)
