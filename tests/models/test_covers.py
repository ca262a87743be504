"""What asks for nothing new: a wider command that is as strict, or a stronger proof on the same target."""

import pytest
from msgspec.structs import replace

from models.book import Book
from models.covers import outweighed, target_of, wider
from models.findings import Subject
from models.incidents import FRESH_MS, Incident
from tests.support.findings_log import ACCOUNT, CALLER, FRANCE, NOW, SEEN, VICTIM, burst, leak


def incident(proof, state, seen_at=NOW):
    target = target_of(proof.subject)
    verdict = {"limited": "limit", "held": "held", "shadow": "shadow"}.get(state, "block")
    return Incident("i", target.key(), target, proof, None, state, verdict, "", NOW, NOW, seen_at)


def book_of(incident):
    book = Book()
    book.put(incident)
    return book


@pytest.mark.parametrize(
    ("subject", "grade", "outer", "state", "covered"),
    [
        (VICTIM, "limit", FRANCE, "blocked", True),
        (VICTIM, "limit", FRANCE, "half_open", True),
        (VICTIM, "limit", FRANCE, "limited", True),
        (VICTIM, "shadow", FRANCE, "limited", True),
        (VICTIM, "block", FRANCE, "limited", False),
        (VICTIM, "block", FRANCE, "blocked", True),
        (VICTIM, "limit", replace(FRANCE, switch="s1"), "blocked", False),
        (replace(VICTIM, switch="s1"), "limit", replace(FRANCE, switch="s1"), "blocked", True),
        (VICTIM, "limit", VICTIM, "blocked", False),
        (CALLER, "limit", ACCOUNT, "limited", True),
        (CALLER, "limit", Subject("account", "acc-18"), "limited", False),
    ],
)
def test_a_wider_command_in_force(subject, grade, outer, state, covered):
    proof, known = burst(subject, grade, within=(ACCOUNT,)), incident(leak(outer), state)
    assert (wider(proof, target_of(subject), book_of(known)) is known) is covered


def test_leaks_settle_among_themselves_which_prefix_counts():
    known = incident(leak(FRANCE), "blocked")
    narrow = leak(Subject("prefix", "+3331"))
    assert wider(narrow, target_of(narrow.subject), book_of(known)) is None


@pytest.mark.parametrize(
    ("proof", "known", "state", "yields"),
    [
        (burst(rule="wangiri"), burst(), "limited", True),
        (burst(rule="wangiri", grade="block"), burst(), "limited", False),
        (burst(rule="unusual", grade="shadow", **SEEN), burst(), "limited", True),
        (burst(rule="wangiri"), burst(grade="shadow"), "shadow", False),
        (burst(rule="wangiri", grade="held"), burst(grade="shadow"), "shadow", True),
        (burst(VICTIM), leak(VICTIM), "blocked", True),
        (leak(VICTIM), burst(VICTIM), "limited", False),
        (leak(VICTIM, grade="held"), burst(VICTIM), "limited", True),
        (burst(), burst(grade="shadow"), "limited", False),
        (burst(rule="wangiri"), burst(), "expired", False),
    ],
)
def test_two_rules_on_one_target(proof, known, state, yields):
    assert outweighed(proof, incident(known, state), NOW) is yields


@pytest.mark.parametrize(("later", "yields"), [(FRESH_MS, True), (FRESH_MS + 1, False)])
def test_what_only_waits_holds_nobody_up_once_it_is_old(later, yields):
    known = incident(burst(grade="held"), "held")
    assert outweighed(burst(rule="wangiri", grade="shadow"), known, NOW + later) is yields
