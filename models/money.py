"""Amounts as text: millionths to decimal, at least two places, no floating point on the way."""

MILLION = 1_000_000


def spelled(millionths: int) -> str | None:
    """A price as decimal text; None for -1, the price that is not known.

    >>> spelled(3_500_000), spelled(1_234_500), spelled(-1)
    ('3.50', '1.2345', None)
    """
    if millionths < 0:
        return None
    whole, rest = divmod(millionths, MILLION)
    places = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{places}"
