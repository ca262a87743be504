"""`ringfence status`: roles, Kafka, topics, tables and incidents, in one table."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from models.incidents import ACTIVE
from streams.checks import Level, Line
from streams.checks.cluster import kafka
from streams.checks.operator import tables
from streams.checks.running import ask
from streams.cli.common import ConfigOption, JsonOption, print_json, print_table
from streams.cli.queue import in_order
from streams.errors import DependencyError, NegativeAnswer, RingfenceError
from streams.reading import to_the_end
from streams.settings import Settings, load

INCIDENTS = "fraud.incidents"
OPEN = ("held", *ACTIVE)
"""States that ask for a person or have a command in force."""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    state: str
    details: str
    good: bool = True


def command(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what is happening; exit status 1 where something is not as it should be, 3 where Kafka is out of reach."""
    settings = load(config)
    answer = ask(settings.service)
    roles = [_role(process) for process in answer["processes"]] if answer else [_silent(settings)]
    asked, unreachable = _asked(kafka, settings)
    read, _ = _asked(tables, settings)
    incidents = [] if unreachable else open_incidents(settings)
    rows = [*roles, *asked, *read, *map(_incident, incidents)]
    if json:
        print_json(_document(answer, [*asked, *read], incidents, all(row.good for row in rows)))
    else:
        print_table(("what", "state", "details"), [row[:3] for row in rows])
    if unreachable:
        raise DependencyError(unreachable)
    if bad := sum(not row.good for row in rows):
        raise NegativeAnswer(f"not as it should be: {bad} of {len(rows)} lines")


def _role(process: dict[str, Any]) -> Row:
    details = f"lag {process['lag']:,}, started anew {process['restarts']} times"
    if process["remark"]:
        details += f"; {process['remark']}"
    good = process["ready"] and not process["remark"]
    return Row(process["name"], "ready" if process["ready"] else "not ready", details, good)


def _silent(settings: Settings) -> Row:
    where = f"{settings.service.host}:{settings.service.port}"
    return Row("service", "silent", f"nothing answers at {where} (ringfence run)", good=False)


def _asked(check: Callable[[Settings], Iterator[Line]], settings: Settings) -> tuple[list[Row], str]:
    """The rows of a check, and why Kafka could not be asked."""
    rows = []
    try:
        rows += [Row(line.subject, line.level, line.says, line.level is not Level.FAIL) for line in check(settings)]
    except DependencyError as error:
        return [*rows, Row("kafka", "away", str(error), good=False)], str(error)
    except RingfenceError as error:
        rows.append(Row(check.__name__, Level.FAIL, str(error), good=False))
    return rows, ""


def open_incidents(settings: Settings) -> list[dict[str, Any]]:
    """The incidents that are held or have a command in force, in the order of the operator's queue.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    newest: dict[bytes, dict[str, Any]] = {}
    try:
        for message in to_the_end(settings, INCIDENTS, 0):
            newest[message.key() or b""] = msgspec.json.decode(message.value() or b"{}")
    except DependencyError:
        return []  # a topic that is missing is a row of its own
    return in_order(incident for incident in newest.values() if incident.get("state") in OPEN)


def _incident(incident: dict[str, Any]) -> Row:
    target = incident["target"]
    qualifiers = [f"{name} {target[name]}" for name in ("switch", "trunk", "plan") if target.get(name)]
    where = " ".join([f"{target['scope']} {target['value']}", *qualifiers])
    said = f". {summary}" if (summary := incident.get("summary")) else ""
    says = f"{where}: {incident['reason']}, {incident['why']} ({incident['incident']}){said}"
    return Row("incident", incident["state"], says)


def _document(
    answer: dict[str, Any] | None, rows: list[Row], incidents: list[dict[str, Any]], good: bool
) -> dict[str, Any]:
    checks = [{"what": row.what, "state": row.state, "details": row.details} for row in rows]
    return {"ok": good, "service": answer, "checks": checks, "incidents": incidents}
