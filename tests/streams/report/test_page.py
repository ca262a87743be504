"""The page: whole in itself, the same for the same story, and proof against every name of the input."""

import re
from html.parser import HTMLParser

import pytest
from support.stories import MINUTE, NOON, SECOND, calls, event, founding, free, number, told

from streams.report.case import Case
from streams.report.collect import CASES_MAX, Collector
from streams.report.method import POINTS
from streams.report.page import page_of
from streams.report.under import NOWHERE

HOSTILE = "<script>alert(1)</script>\"'&\u202e"
VOID = {"meta", "line", "rect", "path"}


class Reader(HTMLParser):
    """Reads a page, and fails where its elements do not nest."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, name, attrs):
        self.elements.append((name, dict(attrs)))
        self.open += [] if name in VOID else [name]

    def handle_startendtag(self, name, attrs):
        self.elements.append((name, dict(attrs)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.text.append(data)

    def all(self, name):
        return [attrs for found, attrs in self.elements if found == name]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def page(story, **changes):
    return page_of(story, changes.pop("title", "Backtest of day.jsonl"), {"events": 7}, {}, **changes)


@pytest.fixture(scope="module")
def story():
    return told(founding())


@pytest.fixture(scope="module")
def read(story):
    return Reader(page(story))


def test_it_tells_what_happened_in_words(read):
    for words in (
        "1 incident: 1 blocked.",
        "Calls to +333 (France) are rated free: short code 333 (voicemail) was entered as +333.",
        "To mend it: write 333 without the + in the numbering table",
        "2 of 2 payers",
        "released: two payers paid there again",
        "2.92 MAD",
        "calls were free where they had been paid before",
        "Calls under blocks, by price",
        "How these numbers are made",
    ):
        assert words in read.words


def test_it_loads_nothing_and_runs_nothing(story, read):
    assert not read.all("script") + read.all("link") + read.all("img") + read.all("iframe") + read.all("object")
    assert not re.search(r"url\(|@import|https?://", page(story))
    (policy,) = [attrs for attrs in read.all("meta") if attrs.get("http-equiv")]
    assert policy["content"].startswith("default-src 'none'")
    assert not any(name.startswith("on") for _, attrs in read.elements for name in attrs)


def test_who_cannot_see_it_can_read_it(read):
    assert read.all("html") == [{"lang": "en"}]
    assert len(read.all("h1")) == 1
    for chart in read.all("svg"):
        assert chart["role"] == "img"
        assert chart["aria-label"]
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(head.get("scope") == "col" for head in read.all("th"))
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {link["href"].removeprefix("#") for link in read.all("a")} <= set(ids)


def test_the_same_events_give_the_same_bytes(story):
    assert page(told(founding())) == page(story)


@pytest.mark.parametrize("hostile", [HOSTILE, "<script>alert(1)</script>"], ids=["rejected", "blocked"])
def test_hostile_names_are_text(hostile):
    names = {"plan": hostile, "switch": hostile, "currency": "<b>", "trunk": hostile, "rate_key": hostile}
    beside = [
        event("attempt", f"b{n}", NOON + n * 500, number("+333", n), 100 + n, rate="3.50", switch="s2", plan="prepaid")
        for n in range(8)
    ]
    lines = sorted([*founding(**names)[:4], *beside], key=lambda line: int(re.search(rb'"ts": (\d+)', line)[1]))
    story = told(lines, tables=calls.Tables())
    found = Reader(page(story))
    assert not found.all("script")
    assert len(found.all("b")) == len(found.all("li")) - len(POINTS)
    assert "<script>alert(1)</script>" in found.words
    assert "<script>alert(2)</script>" in Reader(page(story, title="<script>alert(2)</script>")).words


def test_unknown_rules_verdicts_and_members_are_spelled_out_and_escaped():
    story = Collector(calls.settings().numbering())
    windows = ({"window_s": 300, "attempts": 412, "answered": 7, "others": 9, "mean_s": 31.4, "normal": 2.1},)
    evidence = {"first_ts": NOON, "last_ts": NOON, "windows": windows, "proving_s": 300, "codes": ("33", "34")}
    target = {"scope": "account", "value": HOSTILE}
    for nth, rule in enumerate(("moon_phase", "rate_burst", "rating_outage", HOSTILE)):
        case = Case(str(nth), rule, target, NOWHERE, NOON, 1, evidence)
        case.find("held", "full_moon", evidence, NOON)
        story.cases[case.id] = case
    found = Reader(page(story))
    assert not found.all("script")
    for words in (
        "moon phase",
        "full moon",
        "Burst of calls",
        "412 attempts in 5 min, where 2 are usual",
        "33, 34",
        "Rating system down",
    ):
        assert words in found.words


def test_whole_numbers_are_masked_and_shown_only_where_the_operator_wants_them():
    lines = [free("+33387654321", nth, NOON + nth * SECOND) for nth in range(5)]
    story = told(lines, tables=calls.Tables())
    assert [case.target["scope"] for case in story.cases.values() if case.verdict == "block"] == ["called"]
    assert "387654321" not in page(story)
    assert "+33387******" in page(story)
    assert "+33387654321" in page(story, numbers=True)


def test_an_empty_story_is_a_page():
    assert "Nothing was found" in Reader(page(Collector(calls.settings().numbering()))).words


def test_it_does_not_grow_with_the_input():
    story = told(founding())
    small = len(page(story))
    lines = [
        free(number("+333", nth), nth % 7, NOON + nth * 7 * MINUTE) for nth in range(4_000)
    ]  # nineteen days of a leak that nobody mends
    large = told(founding()[:8], lines)
    assert large.bins.counts.shape[1] <= 240
    assert max(len(case.spans) for case in large.cases.values()) <= 256
    assert len(page(large)) < 6 * small
    for nth in range(CASES_MAX - len(story.cases)):
        evidence = {"first_ts": NOON, "free_calls": 3, "payers": 2}
        target = {"scope": "prefix", "value": "+331"}
        story.cases[f"c{nth}"] = Case(f"c{nth}", "x", target, NOWHERE, NOON, 1, evidence)
        story.cases[f"c{nth}"].find("held", "x", evidence, NOON)
    assert len(page(story)) < 400_000
