"""A role looks for cycles seldom, and never among what start-up has made."""

import subprocess
import sys

PROGRAM = """
import gc
from streams.garbage import settle
settle()
before = [generation["collections"] for generation in gc.get_stats()]
batches = [[(number, str(number)) for number in range(4_000)] for _ in range(3)]
del batches
print(gc.get_freeze_count() > 1_000, before == [generation["collections"] for generation in gc.get_stats()])
"""


def test_batches_are_made_and_freed_without_a_collection():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
