"""The cause of a leak in words: the entry that made it, what it frees, and how to mend it."""

from collections.abc import Mapping
from typing import Any

from models.findings import Leak
from models.plan import calling_code, country_name, numbers_under


def diagnose(leak: Leak, short_codes: Mapping[str, str]) -> dict[str, Any]:
    """The `diagnosis` of a command (contract, section 3); `short_codes` maps digits to names."""
    wrong = leak.subject.value
    frees = f"{spaced(wrong)}: {numbers_under(wrong):,} numbers"
    if leak.entry_kind == "plus_before_short_code" and leak.entry is not None:
        name = short_codes.get(leak.entry, "")
        fix = f"write {leak.entry} without the + in the numbering table; calls to {wrong} are then rated as before"
        return _diagnosis("plus_before_short_code", leak.entry, name, wrong, frees, fix)
    if leak.entry is not None:
        fix = f"give the row {wrong} of the rate table its price"
        return _diagnosis("free_row", wrong, "", wrong, frees, fix)
    fix = f"look for a row at or under {wrong} in the numbering and rate tables that was added or changed lately"
    return _diagnosis("unknown_row", None, "", wrong, frees, fix)


def _diagnosis(kind: str, entry: str | None, name: str, wrong: str, frees: str, fix: str) -> dict[str, Any]:
    return {"kind": kind, "entry": entry, "entry_name": name, "wrong": wrong, "frees": frees, "fix": fix}


def summarise(leak: Leak, diagnosis: Mapping[str, Any]) -> str:
    """One sentence for a person: what is free, and why.

    The founding incident reads: Calls to +333 (France) are rated free: short code 333 (voicemail) was entered
    as +333.
    """
    where = country_name(leak.subject.value) or "unknown destination"
    limits = (("switch", leak.subject.switch), ("trunk", leak.subject.trunk), ("plan", leak.subject.plan))
    only = "".join(f" on {name} {value}" for name, value in limits if value)
    what = f"Calls to {leak.subject.value} ({where}){only} are rated free"
    if diagnosis["kind"] == "plus_before_short_code":
        name = f" ({diagnosis['entry_name']})" if diagnosis["entry_name"] else ""
        return f"{what}: short code {diagnosis['entry']}{name} was entered as {diagnosis['wrong']}."
    if diagnosis["kind"] == "free_row":
        return f"{what}: the rate table's row {diagnosis['wrong']} has no price."
    return f"{what}; they were paid before."


def spaced(prefix: str) -> str:
    """An international prefix with its calling code apart.

    >>> spaced("+333")
    '+33 3'
    """
    digits = prefix.lstrip("+")
    code = calling_code(digits)
    return f"+{code} {digits[len(code) :]}".rstrip()
