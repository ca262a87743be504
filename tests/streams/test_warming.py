"""After warming, a leak is followed from its beginning to its end without a kernel being compiled."""

import subprocess
import sys
import textwrap

FOLLOWED = """
from numba.core.dispatcher import Dispatcher
from models.share import Share
from streams.settings import Settings
from streams.warming import TABLES, warm_detector
from tests.support.calls import NOON, SECOND, charged, free, morning, number, paid
from tests.support.rows import rows_of_lines

settings = Settings(network={"home_country_code": "212"})
warm_detector(settings)
compiled = []
compile_ = Dispatcher.compile
Dispatcher.compile = lambda self, signature: compiled.append(self.py_func.__qualname__) or compile_(self, signature)

from streams.assembly import detector_of
lines = morning()
lines += [free(number("+333", nth), 500 + nth, NOON + nth * SECOND) for nth in range(12)]
lines += [free(number("+336", nth), 600 + nth, NOON + (20 + nth) * SECOND) for nth in range(4)]
lines += [charged(number("+333", nth), 500 + nth, NOON + nth * SECOND) for nth in range(3)]
lines += [paid(number("+333", nth), 700 + nth, NOON + (60 + nth) * SECOND) for nth in range(5)]
detector = detector_of(settings, TABLES)
detector.source("events:")
rows = rows_of_lines(lines, settings, TABLES)
del compiled[:]
for begin in range(0, len(lines), 7):
    detector.apply(Share.of(rows.take(slice(begin, begin + 7))), "rows", 0, begin)
print(sorted(set(compiled)))
"""


def test_nothing_is_compiled_while_a_leak_is_followed():
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(FOLLOWED)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
