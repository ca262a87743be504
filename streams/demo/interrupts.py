"""Ctrl-C and SIGTERM: they end the demo once, and never between starting something and knowing that it was started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


def interruptible() -> None:
    """From now on both end the demo, with everything stopped; a second one does not disturb that."""
    for number in NUMBERS:
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def undivided() -> Iterator[None]:
    """What arrives inside is taken up at the end: only in the main thread, and nothing inside may take long."""
    arrived: list[int] = []
    before = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if arrived:
        signal.raise_signal(arrived[0])
