"""Older minutes of answered calls are written once, and come back with the rest."""

from typing import Any

import pytest

from streams.pages import FORMAT, Manifest
from streams.route_pages import RECENT_MAX, RECENT_MINUTES, RoutePages
from tests.owned import MemoryStore


class Minutes:
    """A route of which only the answered minutes matter; an unchanged one is the same object, as a route's are."""

    def __init__(self) -> None:
        self.answered: dict[int, Any] = {}

    def snapshot(self) -> dict[str, Any]:
        return {"answered": sorted(self.answered.items()), "history": "h"}


def written(log: list) -> list[str]:
    return [key for key, value in log if value is not None and key.startswith("answered/")]


def read_back(log: list, pages: RoutePages) -> dict[int, Any]:
    store = MemoryStore(log)
    store.commit(store.seal(Manifest(FORMAT, 9, {}, {}, dict(pages.routes), pages.older, [], [], {})))
    restored = store.restore()
    assert restored is not None
    ((code, state),) = RoutePages(store).restore(restored)
    assert (code, state["history"]) == (33, "h")
    return dict(map(tuple, state["answered"]))


def test_few_minutes_stay_on_one_page():
    log: list = []
    pages, route = RoutePages(MemoryStore(log)), Minutes()
    route.answered = {minute: [minute] for minute in range(RECENT_MAX)}
    pages.write([("33", route)], 1)
    assert written(log) == []
    assert read_back(log, pages) == route.answered


@pytest.mark.parametrize("turn", ["more", "changed", "forgotten"])
def test_older_minutes_are_written_again_only_when_they_change(turn):
    log: list = []
    pages, route = RoutePages(MemoryStore(log)), Minutes()
    route.answered = {minute: [minute] for minute in range(180)}
    pages.write([("33", route)], 1)
    assert written(log) == ["answered/33@1#0/1"]
    route.answered[179] = ["another call"]
    if turn == "changed":
        route.answered[179 - RECENT_MINUTES] = ["a late call"]
    if turn == "forgotten":
        del route.answered[0], route.answered[1]
    gone = pages.write([("33", route)], 2)
    assert len(written(log)) == (2 if turn == "changed" else 1)
    assert {page.key for page in gone} == {"route/33@1"} | ({"answered/33@1"} if turn == "changed" else set())
    assert read_back(log, pages) == route.answered


def test_recent_minutes_are_put_aside_when_many_have_gathered():
    log: list = []
    pages, route = RoutePages(MemoryStore(log)), Minutes()
    for minute in range(200):
        route.answered[minute] = [minute]
        pages.write([("33", route)], minute)
        assert read_back(log, pages) == route.answered
    assert len(written(log)) == (200 - RECENT_MAX) // (RECENT_MAX - RECENT_MINUTES + 1) + 1
