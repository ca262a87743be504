"""Garbage collection in the processes of the hot path, where it would cost a tenth of the time and pauses besides."""

import gc

YOUNG = 50_000
"""Objects beyond those freed that call for a collection: a batch of records and all made of it are fewer."""


def settle() -> None:
    """Never look again at what start-up has made, and look for cycles only where more is made than freed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
