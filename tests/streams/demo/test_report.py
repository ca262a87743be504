"""The closing table and its verdict."""

import pytest

from models.scenarios.switch import Tally
from streams.demo.report import Measured, judge, print_report
from streams.errors import NegativeAnswer

GOOD = {
    "proved_ms": 1000.0,
    "commanded_ms": 1120.0,
    "ruled_ms": 1130.0,
    "first_refused_ms": 1500.0,
    "released_ms": 9000.0,
}


def test_a_good_end_is_no_error_and_names_times_after_the_proving_call(capsys):
    tally = Tally(leaked_through=2, payers={"a", "b"}, refused=9, refused_after_mend=4)
    judge(tally, Measured(**GOOD))
    print_report(tally, Measured(**GOOD))
    shown = " ".join(capsys.readouterr().out.split())
    assert "free calls that got through 2 (2 payers)" in shown
    assert "proving call to command on fraud.control 120 ms" in shown
    assert "calls refused 9 of them between the mend and the release 4 honest calls refused, these apart 0" in shown


@pytest.mark.parametrize(
    ("changes", "refused", "said"),
    [
        ({"ruled_ms": None}, 0, "did not come"),
        ({"first_refused_ms": None}, 0, "did not come"),
        ({"released_ms": None}, 0, "not released"),
        ({}, 1, "1 honest"),
    ],
)
def test_anything_less_is_a_negative_answer(changes, refused, said):
    with pytest.raises(NegativeAnswer, match=said):
        judge(Tally(honest_refused=refused), Measured(**GOOD | changes))


def test_what_did_not_happen_is_said_so(capsys):
    print_report(Tally(), Measured())
    assert "never" in capsys.readouterr().out
