"""The decider's memory of leases: no number twice, and no more than it can hold."""

import pytest
from msgspec.structs import replace

from models.book import INCIDENTS_MAX, SPENT_MAX, Book
from models.incidents import Incident
from models.targets import Target
from tests.support.findings_log import burst, leak

TARGET = Target.from_key("prefix:+333")
FIRST = Incident("i1", "prefix:+333", TARGET, None, None, "expired", "", "", 0, 0, 0, lease=3)


@pytest.mark.parametrize("how", ["dropped", "replaced", "there", "restored"])
def test_the_leases_of_an_incident_are_remembered(how):
    book = Book()
    book.put(FIRST)
    if how == "dropped":
        book.drop(FIRST)
    if how == "replaced":
        book.put(replace(FIRST, id="i2", lease=0))
    if how == "restored":
        book.drop(FIRST)
        book = Book.restore(book.snapshot())
    assert book.spent("prefix:+333", "i1") == 3
    assert book.spent("prefix:+333", "i3") == 0


def test_the_memory_of_leases_is_bounded_and_keeps_the_newest():
    book = Book()
    for number in range(SPENT_MAX + 10):
        book.spend(f"i{number}", 1)
        book.spend("i0", number)
    assert len(book.snapshot()["spent"]) == SPENT_MAX
    assert book.spent("", "i0") == SPENT_MAX + 9
    assert book.spent("", "i1") == 0


def test_of_too_many_incidents_the_longest_unseen_without_a_command_is_forgotten():
    book = Book()
    for number in range(INCIDENTS_MAX + 2):
        state = "blocked" if number == 0 else "held"
        book.put(replace(FIRST, id=f"i{number}", key=f"k{number}", state=state, seen_at=number, lease=1))
    assert len(list(book)) == INCIDENTS_MAX
    assert [book.get(f"k{number}") is None for number in range(5)] == [False, True, True, False, False]
    assert book.spent("k1", "i1") == 1


def test_a_flood_of_held_bursts_makes_nobody_forget_a_held_leak_or_an_operators_release():
    book = Book()
    book.put(replace(FIRST, id="held", key="held", state="held", proof=leak(grade="held")))
    book.put(replace(FIRST, id="released", key="released", state="released", proof=leak(), waived=1))
    book.put(replace(FIRST, id="shadow", key="shadow", state="shadow", proof=burst(), seen_at=10**9))
    for number in range(INCIDENTS_MAX):
        book.put(replace(FIRST, id=f"i{number}", key=f"k{number}", state="held", proof=burst(), seen_at=1 + number))
    assert [book.get(key) is None for key in ("held", "released", "shadow", "k0", "k1", "k2")] == [
        False, False, True, True, True, False
    ]  # fmt: skip
