"""The service on this machine, as its `/readyz` tells of it."""

import http.client
from collections.abc import Iterator
from typing import Any

import orjson

from streams.checks import Level, Line, ok
from streams.settings import Service, Settings

ASK_S = 2.0


def service(settings: Settings) -> Iterator[Line]:
    """The service on this machine."""
    answer = ask(settings.service)
    if answer is None:
        yield Line(Level.WARN, "service", "does not answer here", "ringfence run")
        return
    for process in answer["processes"]:
        if process["remark"]:
            yield Line(Level.WARN, "service", f"{process['name']}: {process['remark']}")
        if not process["ready"]:
            yield Line(Level.WARN, "service", f"{process['name']} is not ready", "wait a little, then see its log")
    if answer["ready"]:
        yield ok("service", f"{len(answer['processes'])} processes ready")


def ask(service: Service) -> dict[str, Any] | None:
    """What `/readyz` of the service on this machine says; None where nothing answers that is ours."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(service.host, service.host)  # noqa: S104 - read, not bound
    connection = http.client.HTTPConnection(host, service.port, timeout=ASK_S)
    try:
        connection.request("GET", "/readyz")
        answer = orjson.loads(connection.getresponse().read())
        return answer if isinstance(answer, dict) and "processes" in answer else None
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError):
        return None
    finally:
        connection.close()
