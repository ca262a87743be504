"""The cause of a leak in words: the entry that made it, what it frees, what it costs, and how to mend it."""

from collections.abc import Mapping
from typing import Any

from models.findings import Leak
from models.plan import calling_code, country_name, numbers_under
from models.risk import risk_of


def diagnose(leak: Leak, short_codes: Mapping[str, str]) -> dict[str, Any]:
    """The `diagnosis` of a command (contract, section 3); `short_codes` maps digits to names."""
    wrong, risk = leak.subject.value, risk_of(leak)
    return {
        **_cause(leak, short_codes),
        "wrong": wrong,
        "frees": f"{spaced(wrong)}: {numbers_under(wrong):,} numbers",
        "money_per_h": risk.money_per_h,
        "currency": risk.currency,
        "risks": risk.sentence,
    }


def _cause(leak: Leak, short_codes: Mapping[str, str]) -> dict[str, Any]:
    """The entry of the operator's tables that made the leak, as far as it is known, and how to mend it."""
    wrong = leak.subject.value
    if leak.rated is not None:
        row = leak.entry or None
        fix = f"look for a price at or under {wrong} whose decimal point slipped: {_instead(leak)}"
        return {"kind": "absurd_price", "entry": row, "entry_name": short_codes.get(row or "", ""), "fix": fix}
    if leak.entry_kind == "plus_before_short_code" and leak.entry is not None:
        fix = f"write {leak.entry} without the + in the numbering table; calls to {wrong} are then rated as before"
        name = short_codes.get(leak.entry, "")
        return {"kind": "plus_before_short_code", "entry": leak.entry, "entry_name": name, "fix": fix}
    if leak.entry is not None:
        fix = f"give the row {wrong} of the rate table its price"
        return {"kind": "free_row", "entry": wrong, "entry_name": "", "fix": fix}
    fix = f"look for a row at or under {wrong} in the numbering and rate tables that was added or changed lately"
    return {"kind": "unknown_row", "entry": None, "entry_name": "", "fix": fix}


def summarise(leak: Leak, diagnosis: Mapping[str, Any]) -> str:
    """One sentence for a person: what is free, and why.

    The founding incident reads: Calls to +333 (France) are rated free: short code 333 (voicemail) was entered
    as +333.
    """
    where = country_name(leak.subject.value) or "unknown destination"
    limits = (("switch", leak.subject.switch), ("trunk", leak.subject.trunk), ("plan", leak.subject.plan))
    only = "".join(f" on {name} {value}" for name, value in limits if value)
    what = f"Calls to {leak.subject.value} ({where}){only} are {_instead(leak) if leak.rated else 'rated free'}"
    if diagnosis["kind"] == "absurd_price":
        return f"{what}: the price of a row at or under it is absurd."
    if diagnosis["kind"] == "plus_before_short_code":
        name = f" ({diagnosis['entry_name']})" if diagnosis["entry_name"] else ""
        return f"{what}: short code {diagnosis['entry']}{name} was entered as {diagnosis['wrong']}."
    if diagnosis["kind"] == "free_row":
        return f"{what}: the rate table's row {diagnosis['wrong']} has no price."
    return f"{what}; they were paid before."


def _instead(leak: Leak) -> str:
    """An absurd price beside the one that was expected.

    The example of the contract reads: rated 0.01 instead of 3.50 MAD.
    """
    price = " ".join(filter(None, (leak.evidence.expected_rate, leak.evidence.currency)))
    return f"rated {leak.rated} instead of {price}"


def spaced(prefix: str) -> str:
    """An international prefix with its calling code apart.

    >>> spaced("+333")
    '+33 3'
    """
    digits = prefix.lstrip("+")
    code = calling_code(digits)
    return f"+{code} {digits[len(code) :]}".rstrip()
