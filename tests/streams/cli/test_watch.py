"""What `watch` says of records: one line each, signatures judged, and what is in force on top."""

import json

import msgspec
import pytest

from streams.cli.watch import INCIDENTS, Board
from streams.enforcers.worker import CONTROL, Record
from streams.key_files import Role, new_key
from streams.signing import KeyRing

NOW_MS = 1_795_468_000_000
COMMAND = {
    "action": "block",
    "target": {"scope": "prefix", "value": "+333"},
    "summary": "Calls to +333 are rated free.",
    "expires_at": NOW_MS + 900_000,
}
INCIDENT = {
    "state": "blocked",
    "target": {"scope": "prefix", "value": "+333", "switch": "fes-1"},
    "why": "proof",
    "updated_at": NOW_MS,
    "expires_at": NOW_MS + 90_000,
}


@pytest.fixture
def ring(tmp_path):
    new_key(tmp_path, Role.DECIDER, "det-1")
    return KeyRing.load(tmp_path)


def command(ring: KeyRing, value: dict = COMMAND, *, forged: bool = False) -> Record:
    key, raw = b"prefix:+333", msgspec.json.encode(value)
    headers = ring.signer(Role.DECIDER).sign(CONTROL, key, raw + b" " * forged)
    return Record(CONTROL, 0, 7, key, raw, headers, NOW_MS)


def incident(value: dict | None, key: bytes = b"i-1") -> Record:
    return Record(INCIDENTS, 0, 3, key, None if value is None else msgspec.json.encode(value), [], None)


def test_a_command_is_a_line_with_its_cause(ring):
    line = Board(ring).take(command(ring)).plain
    assert "block prefix:+333 until" in line
    assert line.endswith(": Calls to +333 are rated free.")


def test_a_command_that_nobody_trusted_signed_is_called_that(ring):
    board = Board(ring)
    assert board.take(command(ring, forged=True)).plain.endswith("[not signed by a decider we trust]")
    assert board.described(command(ring, forged=True))["signed"] is False
    assert board.described(command(ring))["signed"] is True


def test_a_release_has_no_end(ring):
    assert "until" not in Board(ring).take(command(ring, COMMAND | {"action": "release"})).plain


def test_an_incident_is_a_line_and_is_shown_while_it_is_open(ring):
    board = Board(ring)
    line = board.take(incident(INCIDENT))
    assert line.plain.endswith("incident blocked: prefix +333 switch=fes-1, proof")
    assert picture(board)[0] == "incidents held or in force: 1"
    assert picture(board, NOW_MS + 90_001)[0] == "incidents held or in force: 0"
    board.take(incident(INCIDENT | {"state": "held", "expires_at": None}))
    assert picture(board, NOW_MS + 90_001)[0] == "incidents held or in force: 1"
    board.take(incident(INCIDENT | {"state": "released"}))
    assert picture(board)[0] == "incidents held or in force: 0"


def test_what_waits_for_a_person_is_on_top_the_surest_first(ring):
    board = Board(ring)
    for number, (state, score) in enumerate([("blocked", 1.0), ("held", None), ("held", 0.7), ("limited", 0.9)]):
        shown = {"state": state, "score": score, "target": {"scope": "caller", "value": f"+3361234567{number}"}}
        board.take(incident(INCIDENT | shown, b"i-%d" % number))
    table = board.picture(NOW_MS).renderables[1]
    assert [str(cell)[-1] for cell in table.columns[1].cells] == ["2", "1", "0", "3"]


def picture(board: Board, now_ms: int = NOW_MS) -> list[str]:
    return [str(part) for part in board.picture(now_ms).renderables]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_what_is_no_record_of_ours_is_passed_over(ring, value):
    board = Board(ring)
    for topic in (CONTROL, INCIDENTS):
        record = Record(topic, 0, 1, None, value, None, None)
        assert board.take(record) is None
        json.dumps(board.described(record))


@pytest.mark.parametrize(
    "value", [{}, {"target": None}, {"target": {"scope": 3}}, {"expires_at": None, "state": "held"}]
)
def test_a_record_without_what_it_should_have_is_still_a_line(ring, value):
    board = Board(ring)
    assert board.take(command(ring, value)).plain
    assert board.take(incident(value)).plain
    assert picture(board)
