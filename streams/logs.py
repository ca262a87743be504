"""Logs on standard error: text for a person, JSON lines for a collector; telephone numbers masked."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import structlog

from streams.errors import RingfenceError
from streams.settings import Service

OURS = ("streams", "models")
"""Loggers that follow `service.log_level`; libraries (faust, aiokafka, mode) speak from WARNING on."""
KEPT_DIGITS = 5
"""Enough for the country and an operator's range, and never more than half of a number."""
_NUMBER = re.compile(
    r"\+\d(?:[ ./()-]?\d){6,}"  # international, with the visual separators of RFC 3966
    r"|(?<![\w.,/:@-])\d{7,15}(?![\w.,-])"  # bare digits that are no part of an id, an offset or a time
)


def mask_number(number: str) -> str:
    """Star all digits of a telephone number but the first few.

    >>> mask_number("+33387654321")
    '+33387******'
    """
    digits = sum(character.isdigit() for character in number)
    keep = min(KEPT_DIGITS, digits // 2)
    masked = ""
    for character in number:
        masked += "*" if character.isdigit() and keep <= 0 else character
        keep -= character.isdigit()
    return masked


def mask(value: Any) -> Any:
    """Mask the telephone numbers in every text of a value, however deep; integers are none."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: mask_number(found[0]), value)
    if isinstance(value, Mapping):
        return {mask(key): mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else mask(str(value))


def describe(error: BaseException) -> str:
    """An error in one line: ours speaks for itself, another names its type and where it happened."""
    message = " ".join(str(error).split())
    if isinstance(error, RingfenceError):
        return message
    place = _where(error.__traceback__)
    return f"{type(error).__name__}: {message}" + (f" ({place})" if place else "")


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    if not frames:
        return ""
    path = Path(frames[-1].filename)
    return f"{path.parent.name}/{path.name}:{frames[-1].lineno}"


def setup(service: Service) -> None:
    """Send every log of this process, ours and the libraries', to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Exceptions(with_traceback=service.log_level == "debug"),
    ]
    if not service.show_numbers:
        shared.append(_masked)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(service)],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in OURS:
        logging.getLogger(name).setLevel(service.log_level.upper())


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one of our modules: `get(__name__)`; `log.info("what happened", field=value)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class _Exceptions:
    """Turns `exc_info` into a line of text, and keeps the traceback only for those who debug."""

    def __init__(self, *, with_traceback: bool) -> None:
        self._with_traceback = with_traceback

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.pop("stack_info", None)
        given = event.pop("exc_info", None)
        error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
        if isinstance(error, BaseException):
            event["error"] = describe(error)
            if self._with_traceback and not isinstance(error, RingfenceError):
                event["traceback"] = "".join(traceback.format_exception(error))
        return event


def _one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep what others sent us from starting lines of its own; JSON has escapes for that."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)
    return event


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name not in {"timestamp", "_record", "_from_structlog"}:
            event[name] = mask(value)
    return event


def _renderer(service: Service) -> list[Any]:
    text = service.log_format == "text" or (service.log_format == "auto" and sys.stderr.isatty())
    if text:
        colors = sys.stderr.isatty()
        return [_one_line, structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False)]
    return [structlog.processors.JSONRenderer(serializer=_json)]


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
