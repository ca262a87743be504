"""Memory that was freed is there for the next batch without a page fault."""

import platform
import subprocess
import sys

import pytest

BATCHES = """
import resource, numpy
from streams import allocator
{}
for batch in range(8):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [numpy.ones(3 << 20, numpy.uint8) for _ in range(8)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = 8 * (3 << 20) // 4096
"""Of the arrays of one batch, with pages of the smallest size."""


def faults_of_a_batch(first: str) -> int:
    done = subprocess.run([sys.executable, "-c", BATCHES.format(first)], capture_output=True, check=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library's malloc")
def test_memory_that_was_freed_is_not_cleared_anew():
    assert faults_of_a_batch("allocator.keep()") < PAGES / 100
