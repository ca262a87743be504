"""After warming, leaks are followed from their beginning to their end without a kernel being compiled or loaded."""

import subprocess
import sys
import textwrap

WARMED = """
import gc
from types import CodeType, FunctionType
from numba.core.dispatcher import Dispatcher
from models.share import Share
from streams.assembly import detector_of
from streams.settings import Settings
from streams.warming import TABLES, warm_detector
from tests.support.calls import NOON, SECOND, charged, event, free, morning, number, paid
from tests.support.rows import rows_of_lines

settings = Settings(network={"home_country_code": "212"})
warm_detector(settings)
kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
"""
FOLLOWED = """
lines = morning()
lines += [event("answer", f"a{nth}", NOON - nth * SECOND, number("+333", nth), 400 + nth) for nth in range(200)]
lines += [free(number("+333", nth), 500 + nth, NOON + nth * SECOND) for nth in range(12)]
lines += [event("answer", f"b{nth}", NOON + nth * SECOND, number("+333", nth), 500 + nth) for nth in range(12)]
lines += [free(number("+336", nth), 600 + nth, NOON + (20 + nth) * SECOND) for nth in range(4)]
lines += [charged(number("+333", nth), 500 + nth, NOON + nth * SECOND) for nth in range(3)]
lines += [paid(number("+333", nth), 700 + nth, NOON + (60 + nth) * SECOND) for nth in range(5)]
lines += [paid(number("+336", nth), 800 + nth, NOON + (24 * 3600 + nth) * SECOND) for nth in range(9)]
lines += [free(number("+334", nth), 900 + nth, NOON + (25 * 3600 + nth) * SECOND) for nth in range(9)]
lines += [paid(number("+44", nth, 12), 4, NOON + (26 * 3600 + nth * 5) * SECOND) for nth in range(400)]
rows = rows_of_lines(lines, settings, TABLES)
before = {kernel: set(kernel.signatures) for kernel in kernels}
for size in (1, 7, 150):
    detector = detector_of(settings, TABLES)
    detector.source("events:")
    for begin in range(0, len(lines), size):
        detector.apply(Share.of(rows.take(slice(begin, begin + size))), "rows", 0, begin)
        for route in detector.routes.values() if begin % 3 == 0 else ():
            route.load(route.snapshot())
print(*sorted(k.py_func.__qualname__ for k in kernels if before[k] != set(k.signatures) and k not in intake))
"""
INTAKE = """
intake = {kernel for kernel in kernels if kernel.py_func.__module__.startswith("models.scan.")}
"""
CALLED = """
def codes(code):
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)

compiled = {kernel.py_func for kernel in kernels}
callers = [f for f in gc.get_objects() if isinstance(f, FunctionType) and f not in compiled]
called = [
    (f, f.__globals__.get(name))
    for f in callers if (f.__module__ or "").startswith(("models.", "streams."))
    for code in codes(f.__code__) for name in code.co_names
]
cold = {f.__qualname__ for f, k in called if isinstance(k, Dispatcher) and k not in intake and not k.signatures}
print(*sorted(cold))
"""
UNASKED = {"Fingerprints.count", "Places.add_cell", "Places.add_free", "Places.begin", "Places.bounds"}
"""What only tests call: in a detector other kernels call these kernels, or nobody does."""
FOREST = {"scores", "shortening"}
"""What a forest runs: `warm_detector` calls it where `[detection] models` names one."""


def told(script: str) -> set[str]:
    whole = textwrap.dedent(WARMED + INTAKE + script)
    return set(subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True).stdout.split())


def test_nothing_is_compiled_or_loaded_while_leaks_are_followed():
    assert told(FOLLOWED) == set()


def test_every_kernel_that_a_detector_calls_has_been_called():
    """Whatever a leak leads to; with a warm cache, which the test above fills: else, callers bring their kernels."""
    assert told(CALLED) <= UNASKED | FOREST
