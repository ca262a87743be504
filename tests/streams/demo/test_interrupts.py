"""Ctrl-C and SIGTERM end the demo once, and not in the middle of a start."""

import signal

import pytest

from streams.demo.interrupts import NUMBERS, interruptible, undivided


@pytest.fixture(autouse=True)
def handlers():
    """The test run's own handlers are put back."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_first_one_interrupts_and_a_second_one_does_not_disturb_the_stopping(number):
    interruptible()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    for again in NUMBERS:
        signal.raise_signal(again)


def raised_while_undivided(number, done):
    with undivided():
        signal.raise_signal(number)
        done.append(True)


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_undivided_is_done_before_it_is_interrupted(number):
    interruptible()
    done = []
    with pytest.raises(KeyboardInterrupt):
        raised_while_undivided(number, done)
    assert done


def test_without_an_interrupt_nothing_changes():
    interruptible()
    handler = signal.getsignal(signal.SIGTERM)
    with undivided():
        pass
    assert signal.getsignal(signal.SIGTERM) is handler
