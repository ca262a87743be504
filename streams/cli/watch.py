"""`ringfence watch`: commands and incidents as they come: live on a terminal, else lines; `--json` for a script."""

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.incidents import ACTIVE
from streams.cli.common import ConfigOption, JsonOption, console, print_json
from streams.cli.queue import in_order
from streams.enforcers.feed import Feed
from streams.enforcers.worker import CONTROL, Record
from streams.settings import Settings, load
from streams.signing import KeyRing, Role, SignatureError

INCIDENTS = "fraud.incidents"
POLL_S = 0.25
LINES = 12
SHOWN_MAX = 20
STYLES = {"block": "bold red", "limit": "yellow", "release": "green"}


def command(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show the commands and incidents that stand on Kafka, then every new one, until Ctrl-C."""
    settings = load(config)
    screen = console()
    board = Board(KeyRing.load(settings.keys.dir))
    try:
        if json:
            for record in _records(settings):
                if record is not None:
                    print_json(board.described(record))
                    sys.stdout.flush()
        else:
            _show(board, settings, live=screen.is_terminal)
    except KeyboardInterrupt:
        pass  # the way to end it
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: no complaint at exit either


def _records(settings: Settings) -> Iterator[Record | None]:
    """What stands on the topics, then what comes; None when nothing came for a while, or all was read."""
    feed = Feed(settings, "watch", (CONTROL, INCIDENTS))
    next_refresh_s = time.monotonic() + 30
    try:
        while True:
            yield feed.poll(POLL_S)
            if not feed.loading and time.monotonic() >= next_refresh_s:
                next_refresh_s = time.monotonic() + 30
                feed.refresh()
    finally:
        feed.close()


def _show(board: "Board", settings: Settings, *, live: bool) -> None:
    screen = console()
    view: AbstractContextManager[Any] = Live(console=screen, auto_refresh=False) if live else nullcontext()
    due_s = 0.0
    with view:
        for record in _records(settings):
            line = board.take(record) if record is not None else None
            if line is not None and not live:
                screen.print(line, soft_wrap=True)
            if live and (record is None or time.monotonic() >= due_s):
                due_s = time.monotonic() + POLL_S
                view.update(board.picture(time.time_ns() // 1_000_000), refresh=True)  # type: ignore[attr-defined] # a Live


class Board:
    """What is known of incidents and commands; no client, no clock."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._incidents: dict[str, dict[str, Any]] = {}
        self._lines: deque[Text] = deque(maxlen=LINES)

    def described(self, record: Record) -> dict[str, Any]:
        """A record for a script; `signed` tells for a command whether a trusted decider signed it."""
        told: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        told |= {"key": (record.key or b"").decode(errors="replace"), "appended_ms": record.appended_ms}
        if record.topic == CONTROL and record.value is not None:
            told["signed"] = self._is_signed(record)
        return told | {"value": _value(record)}

    def take(self, record: Record) -> Text | None:
        """The line that tells of a record; None where there is nothing to tell."""
        value = _value(record)
        if not isinstance(value, dict):
            return None
        line = self._command(record, value) if record.topic == CONTROL else self._incident(record, value)
        self._lines.append(line)
        return line

    def _is_signed(self, record: Record) -> bool:
        try:
            self._keys.verify(Role.DECIDER, CONTROL, record.key or b"", record.value or b"", record.headers)
        except SignatureError:
            return False
        return True

    def _command(self, record: Record, value: dict[str, Any]) -> Text:
        action = str(value.get("action"))
        until = f" until {_time(value.get('expires_at'))}" if action != "release" else ""
        text = Text.assemble(
            f"{_time(record.appended_ms)} ",
            (action, STYLES.get(action, "")),
            f" {(record.key or b'').decode(errors='replace')}{until}: {value.get('summary') or value.get('reason')}",
        )
        return text if self._is_signed(record) else text.append(" [not signed by a decider we trust]", "bold red")

    def _incident(self, record: Record, value: dict[str, Any]) -> Text:
        self._incidents[(record.key or b"").decode(errors="replace")] = value
        said = f" ({summary})" if (summary := value.get("summary")) and value.get("state") == "held" else ""
        state, why = value.get("state"), value.get("why")
        return Text(f"{_time(value.get('updated_at'))} incident {state}: {_target(value)}, {why}{said}")

    def picture(self, now_ms: int) -> Group:
        """The incidents that are held or in force now, and the newest lines."""
        table = Table("state", "target", "why", "ends in", box=None, pad_edge=False, header_style="bold")
        there = in_order(value for value in self._incidents.values() if _is_open(value, now_ms))
        for value in there[:SHOWN_MAX]:
            ends = value.get("expires_at")
            left = f"{max(0, ends - now_ms) // 1000} s" if ends else ""
            table.add_row(*map(Text, (str(value.get("state")), _target(value), str(value.get("why")), left)))
        title = Text(f"incidents held or in force: {len(there)}", "bold")
        return Group(title, table, Text(), *self._lines)


def _is_open(value: dict[str, Any], now_ms: int) -> bool:
    state = value.get("state")
    return state == "held" or (state in ACTIVE and int(value.get("expires_at") or 0) > now_ms)


def _value(record: Record) -> Any:
    """The record's JSON; None for a tombstone and for what is none."""
    try:
        return None if record.value is None else msgspec.json.decode(record.value)
    except (msgspec.DecodeError, RecursionError):
        return None


def _target(value: dict[str, Any]) -> str:
    target = value.get("target") or {}
    return " ".join(
        f"{name}={text}" if name in {"switch", "trunk", "plan"} else str(text) for name, text in target.items()
    )


def _time(at_ms: object) -> str:
    return (
        datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S") if isinstance(at_ms, int) else "--:--:--"
    )
