"""Records that are not UTF-8 are emptied, however many there are, and no others."""

import pytest

from models.scan.batch import FEW, joined_records


@pytest.mark.parametrize("many", [1, FEW, FEW + 1])
@pytest.mark.parametrize("bad", [[], [b"\xc3"], [b"\xc3", b"", b"\xa9"]])
def test_only_records_that_are_not_utf8_are_emptied(many, bad):
    good = ["{é}".encode()] * many
    values = [*good, *bad, b"{}"]
    _, starts, ends = joined_records(values)
    sizes = [0 if value in bad else len(value) for value in values]
    assert (ends - starts).tolist() == sizes
