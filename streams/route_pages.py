"""Pages of the calling codes: what changes at every call, and the older minutes of answered calls apart.

A busy code has three hours of answered calls, of which a second changes the newest few minutes. Older minutes stay on
a page of their own until one of them changes or many newer ones have gathered beside it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from models.route import Route
from streams.pages import Page, PageStore, Restored

RECENT_MINUTES = 15
"""Minutes that calls may still reach: the allowed lateness, and some more."""
RECENT_MAX = 2 * RECENT_MINUTES
"""Recent minutes that are written with every checkpoint before they are put aside."""


class Older(NamedTuple):
    """Minutes that are on a page, each as the route gave it: an unchanged minute is the same object."""

    minutes: Mapping[int, Any]
    page: Page

    def still_holds(self, minutes: Mapping[int, Any]) -> bool:
        """Whether none of them has changed; a minute that was forgotten has not."""
        return all(minutes.get(minute, packed) is packed for minute, packed in self.minutes.items())


class RoutePages:
    """The pages of one partition's calling codes; `routes` and `older` are their newest, by code."""

    def __init__(self, store: PageStore) -> None:
        self.routes: dict[str, Page] = {}
        self._older: dict[str, Older] = {}
        self._store = store

    @property
    def older(self) -> dict[str, Page]:
        """The page of older minutes of each code that has one."""
        return {code: older.page for code, older in self._older.items()}

    def write(self, routes: Iterable[tuple[str, Route]], at: int) -> list[Page]:
        """Send the pages of codes that changed up to rows offset `at`; gives those that they replace."""
        gone = []
        for code, route in routes:
            state = route.snapshot()
            minutes = dict(state["answered"])
            gone += self._put_aside(code, minutes, at)
            aside = self._older[code].minutes if code in self._older else {}
            state["answered"] = [(minute, packed) for minute, packed in minutes.items() if minute not in aside]
            state["answered_from"] = min(minutes, default=0)
            gone += [self.routes[code]] if code in self.routes else []
            self.routes[code] = self._store.write(f"route/{code}@{at}", state, level=0)
        return gone

    def _put_aside(self, code: str, minutes: dict[int, Any], at: int) -> list[Page]:
        """Write the older minutes anew where that is due; gives the page that this replaces."""
        known = self._older.get(code)
        holds = known is not None and known.still_holds(minutes)
        aside = known.minutes if known is not None and holds else {}
        if (holds or known is None) and sum(minute not in aside for minute in minutes) <= RECENT_MAX:
            return []
        newest = max(minutes, default=0)
        older = {minute: packed for minute, packed in minutes.items() if minute <= newest - RECENT_MINUTES}
        page = self._store.write(f"answered/{code}@{at}", list(older.items()))
        self._older[code] = Older(older, page)
        return [known.page] if known is not None else []

    def restore(self, restored: Restored) -> Iterable[tuple[int, dict[str, Any]]]:
        """The codes of a checkpoint and the state of each."""
        manifest = restored.manifest
        self.routes = manifest.routes
        for code, page in manifest.routes.items():
            state = restored.page(page)
            if code in manifest.older:
                older = restored.stand_in(manifest.older[code])
                aside = dict(restored.page(older))
                self._older[code] = Older(aside, older)
                minutes = aside | dict(state["answered"])
                state["answered"] = sorted(item for item in minutes.items() if item[0] >= state["answered_from"])
            yield int(code), state
