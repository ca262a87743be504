"""Logs: one line each, numbers masked, libraries through the same door, no traceback for a user's mistake."""

import io
import json
import logging
import warnings

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from streams import logs
from streams.errors import UsageError
from streams.settings import Service


@pytest.fixture
def lines(monkeypatch):
    """Set logs up as a process would, and give what it wrote."""

    def written(**service):
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        logs.setup(Service(**{"log_format": "json", **service}))
        return stream

    yield written
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers.clear()


def only(stream: io.StringIO) -> dict:
    (line,) = stream.getvalue().splitlines()
    return json.loads(line)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+33387654321", "+33387******"),
        ("caller:+212661234567 rang", "caller:+21266******* rang"),
        ("+33 3 87 65 43 21", "+33 3 87 ** ** **"),
        ("0033387654321", "00333********"),
        ("from 33387654321 to 212661234567", "from 33387****** to 21266*******"),
        ("+1234567", "+123****"),
    ],
)
def test_a_telephone_number_keeps_its_country_and_loses_its_subscriber(text, masked):
    assert logs.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "prefix:+333",
        "signalling.events/2/9918231111",
        "0b7a1234-1234-5234-8234-123456789012",
        "127.0.0.1:9092",
        "2026-11-24T22:33:01.123456Z",
        "fes-msc-1",
        "+33 3: 49,359,000 numbers",
    ],
)
def test_what_is_no_subscribers_number_stays(text):
    assert logs.mask(text) == text


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.sampled_from(["{}", "a {} b", "({})", "x={},"]))
def test_no_international_number_is_ever_whole(number, around):
    masked = logs.mask(around.format(number))
    assert number not in masked
    assert sum(character.isdigit() for character in masked) <= len(number[1:]) // 2


def test_numbers_are_masked_in_every_field_however_deep(lines):
    stream = lines()
    logs.get("streams.test").info("saw +33387654321", call={"callers": ["+212661234567"], "ts": 1795467960281})
    entry = only(stream)
    assert entry["event"] == "saw +33387******"
    assert entry["call"] == {"callers": ["+21266*******"], "ts": 1795467960281}


def test_numbers_are_whole_where_the_operator_asks_for_it(lines):
    stream = lines(show_numbers=True)
    logs.get("streams.test").info("saw +33387654321")
    assert only(stream)["event"] == "saw +33387654321"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_text_with_line_breaks_starts_no_line_of_its_own(lines, log_format):
    stream = lines(log_format=log_format)
    logs.get("streams.test").info("one\ntwo", field="three\r\nfour\x1b[31m")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b[31m" not in stream.getvalue()


def test_libraries_speak_from_warning_on(lines):
    stream = lines()
    logging.getLogger("faust.app").info("assigned")
    logging.getLogger("aiokafka").warning("broker of %s is gone", "+33387654321")
    assert only(stream)["event"] == "broker of +33387****** is gone"


def test_pythons_warnings_are_log_lines(lines):
    stream = lines()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", UserWarning, stacklevel=1)
    assert "UserWarning: old" in only(stream)["event"]


def failing(error: Exception) -> None:
    try:
        raise error  # noqa: TRY301 - an error that was raised has a place
    except Exception:
        logs.get("streams.test").exception("it failed")


def test_an_unexpected_error_is_a_line_with_type_message_and_place(lines):
    stream = lines()
    failing(KeyError("who"))
    entry = only(stream)
    assert entry["error"].startswith("KeyError: 'who' (streams/test_logs.py:")
    assert "traceback" not in entry


def test_the_traceback_is_there_for_those_who_debug(lines):
    stream = lines(log_level="debug")
    failing(KeyError("who"))
    assert "Traceback" in only(stream)["traceback"]


def test_a_users_mistake_has_no_traceback(lines):
    stream = lines(log_level="debug")
    failing(UsageError("no such file"))
    entry = only(stream)
    assert entry["error"] == "no such file"
    assert "traceback" not in entry
