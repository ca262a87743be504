"""The whole rule, end to end in one process: what is blocked, where it ends, how it ends, and the files about it."""

import itertools
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from support import calls
from support.calls import MINUTE, NOON, SECOND, VOICEMAIL, charged, event, feed, free, number, orders, paid, taught
from support.findings_log import SEEN, Log, burst, leak

from models.tables import ShortCode, Tables, TariffRow
from streams.__main__ import main
from streams.backtest import Backtest, Decided, Output, batches
from streams.errors import UsageError

NO_TABLES = Tables()
FRANCE = Tables(tariff=(TariffRow("+33", "3.5", "MAD", "France"),))


def openers(count: int = 4, prefix: str = "+333", gap: int = SECOND, **changes) -> list[bytes]:
    return [free(number(prefix, nth), nth, NOON + nth * gap, **changes) for nth in range(count)]


def quiet(begin: int, minutes: int) -> list[bytes]:
    """Home calls, one a second, that only let event time go on."""
    return [
        event("attempt", f"q{begin + s}", begin + s * SECOND, "+212612345678", 50_000 + s, rate="1.00")
        for s in range(minutes * 60)
    ]


# --- the founding incident


def test_the_founding_incident_is_one_block_before_the_fourth_payer_and_names_the_entry():
    given_commands = orders(feed(taught(), openers(20)))
    assert len(given_commands) == 1
    after, block = given_commands[0]
    assert after < 4
    assert (str(block.action), block.target.key(), block.lease) == ("block", "prefix:+333", 1)
    assert block.diagnosis["kind"] == "plus_before_short_code"
    assert block.diagnosis["entry"] == "333"
    assert block.evidence["payers"] == after
    assert block.evidence["offsets"][0] == "day:1"
    assert block.evidence["expected_rate"] == "3.50"


def test_without_the_short_code_the_block_comes_with_the_third_payer():
    given_commands = orders(feed(taught(tables=NO_TABLES), openers(3)))
    assert [(after, str(c.action)) for after, c in given_commands] == [(2, "limit"), (3, "block")]
    assert given_commands[1][1].diagnosis["kind"] == "unknown_row"


def test_a_block_half_opens_is_renewed_by_a_free_call_and_released_by_two_payers_who_pay():
    later = NOON + 11 * MINUTE
    again = [free(number("+333", 7), 70, later + 1)]
    second = later + 11 * MINUTE
    mended = [paid(number("+333", nth), 80 + nth, second + nth * SECOND) for nth in (1, 2)]
    lines = [*openers(), *quiet(NOON + MINUTE, 10), *again, *quiet(later + MINUTE, 10), *mended]
    given_commands = calls.given(taught(), lines)
    assert [(str(c.action), c.lease) for c in given_commands] == [
        ("block", 1),
        ("limit", 1),
        ("block", 2),
        ("limit", 2),
        ("release", 2),
    ]
    assert {c.target.key() for c in given_commands} == {"prefix:+333"}
    assert len({c.incident for c in given_commands}) == 1
    assert len({c.id for c in given_commands}) == 5
    assert given_commands[1].expires_at == given_commands[0].expires_at
    assert given_commands[4].expires_at == given_commands[2].expires_at


def test_one_payer_who_pays_releases_nothing():
    lines = [*openers(), *(paid(number("+333", n), 80, NOON + MINUTE + n * SECOND) for n in range(5))]
    assert calls.keys(calls.given(taught(), lines)) == [("block", "prefix:+333")]


def test_a_block_that_nothing_confirms_ends_with_its_lease():
    lines = [*openers(), *quiet(NOON + MINUTE, 20), *(free(number("+333", n), n, NOON + 22 * MINUTE) for n in (1,))]
    assert [(str(c.action), c.lease) for c in calls.given(taught(), lines)] == [
        ("block", 1),
        ("limit", 1),
        ("block", 2),
    ]


# --- where it ends


def test_a_leak_of_one_switch_is_blocked_there_alone():
    lines = []
    for nth in range(6):
        ts, plan = NOON + nth * 2 * SECOND, calls.PLANS[nth % 2]
        lines += [free(number("+333", nth), nth, ts, plan=plan)]
        lines += [
            paid(number("+333", nth + n), 100 + nth, ts + 500 + n, switch="s2", plan=which)
            for n, which in enumerate(calls.PLANS)
        ]
    given_commands = calls.given(taught(), lines)
    assert calls.keys(given_commands) == [("block", "prefix:+333@switch=s1")]
    assert given_commands[0].target.switch == "s1"


def test_a_narrow_row_is_blocked_no_wider_than_it_is():
    lines = []
    for nth in range(6):
        ts = NOON + nth * 2 * SECOND
        lines += [paid(number("+33386", nth), 100 + nth, ts), free(number("+33387", nth), nth, ts + SECOND)]
    lines.append(paid(number("+33386", 9), 120, NOON + MINUTE))
    blocks = [c for c in calls.given(taught(tables=NO_TABLES), lines) if c.action == "block"]
    assert calls.keys(blocks) == [("block", "prefix:+33387")]


def test_one_number_that_turned_free_is_blocked_alone():
    lines = [free("+33387654321", n, NOON + n * SECOND) for n in range(5)]
    blocks = [c for c in calls.given(taught(tables=NO_TABLES), lines) if c.action == "block"]
    assert calls.keys(blocks) == [("block", "called:+33387654321")]


def test_of_a_cold_prefix_a_person_is_told_and_nothing_is_commanded():
    test = Backtest(calls.settings(), NO_TABLES)
    decided = list(feed(test, openers(20)))
    assert orders(decided) == []
    held = [line for one in decided for line in one.decision.verdicts if line["verdict"] == "held"]
    assert {line["why"] for line in held} == {"no_history"}


def test_a_tariff_row_stands_in_for_history_where_the_switch_has_shown_a_price_at_set_up():
    lines = [paid("+33187654321", 90, NOON - MINUTE), *openers(4)]
    given_commands = calls.given(Backtest(calls.settings(), FRANCE), lines)
    assert ("block", "prefix:+333") in calls.keys(given_commands)
    assert given_commands[-1].evidence["expected_rate"] == "3.50"


def test_where_a_tariff_alone_speaks_for_set_ups_a_person_is_told_and_releases_prove():
    test = Backtest(calls.settings(), FRANCE)
    decided = list(feed(test, openers(4)))
    assert orders(decided) == []
    assert {line["why"] for one in decided for line in one.decision.verdicts} == {"no_price_at_set_up"}
    releases = [charged(number("+333", n), n, NOON + n * SECOND, charge="0") for n in range(3)]
    assert ("block", "prefix:+333") in calls.keys(c for _, c in orders(test.feed("day:", 5, releases)))


@pytest.mark.parametrize("changes", [{}, {"rate_key": "+333"}], ids=["short code", "row"])
def test_without_history_an_entry_is_proved_by_its_second_payer(changes):
    tables = NO_TABLES if changes else VOICEMAIL
    given_commands = orders(feed(Backtest(calls.settings(), tables), openers(4, **changes)))
    assert [(after, *pair) for after, c in given_commands for pair in calls.keys([c])] == [(2, "block", "prefix:+333")]


@pytest.mark.parametrize(("codes", "expected"), [(("216",), [("block", "prefix:+216")]), ((), [])])
def test_a_whole_calling_code_is_blocked_only_by_exact_proof(codes, expected):
    tables = Tables(tuple(ShortCode(code, "service") for code in codes))
    lines = [free(number("+216", n, 11), n, NOON + n * SECOND) for n in range(6)]
    decided = list(feed(taught("+216", tables=tables), lines))
    assert calls.keys(c for _, c in orders(decided)) == expected
    if not codes:
        whys = {line["why"] for one in decided for line in one.decision.verdicts if line["verdict"] == "held"}
        assert "whole_calling_code" in whys


# --- how it ends


def test_a_charge_for_calls_of_the_proof_releases_the_block():
    lines = [*openers(4), *(charged(number("+333", n), n, NOON + n * SECOND) for n in range(4))]
    assert calls.keys(calls.given(taught(), lines)) == [("block", "prefix:+333"), ("release", "prefix:+333")]


@pytest.mark.parametrize("tables", [VOICEMAIL, NO_TABLES], ids=["short code", "no table"])
def test_a_free_call_outside_widens_the_block_and_the_old_key_is_released(tables):
    same_digit = [free(number("+3331", n), n, NOON + n * SECOND) for n in range(3)]
    outside = free(number("+3334", 1), 9, NOON + 5 * SECOND)
    given_commands = [c for c in calls.given(taught(tables=tables), [*same_digit, outside]) if c.action != "limit"]
    assert calls.keys(given_commands) == [
        ("block", "prefix:+3331"),
        ("block", "prefix:+333"),
        ("release", "prefix:+3331"),
    ]
    assert given_commands[1].supersedes == given_commands[0].id


# --- files


def written(tmp_path: Path, name: str, lines: list[bytes]) -> Path:
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def backtest(tmp_path: Path, out: str, *files: Path, history: Path | None = None) -> int:
    codes = tmp_path / "codes.csv"
    codes.write_text("code,name\n333,voicemail\n")
    config = tmp_path / "ringfence.toml"
    config.write_text('[network]\nhome_country_code = "212"\nshort_codes = "codes.csv"\n')
    extra = ["--history", str(history)] if history else []
    arguments = ["backtest", *map(str, files), "--output", str(tmp_path / out), "--config", str(config), *extra]
    try:
        return int(main(arguments) or 0)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_the_same_files_give_the_same_bytes(tmp_path, capsys):
    day = written(tmp_path, "day.jsonl", [*openers(6), *quiet(NOON + MINUTE, 11)])
    before = written(tmp_path, "morning.jsonl", calls.morning())
    assert [backtest(tmp_path, out, day, history=before) for out in ("one", "two")] == [0, 0]
    for name in ("commands.jsonl", "findings.jsonl", "summary.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    first = msgspec.json.decode((tmp_path / "one" / "commands.jsonl").read_bytes().splitlines()[0])
    assert list(first) == ["topic", "key", "value", "after"]
    assert (first["topic"], first["key"], first["value"]["epoch"]) == ("fraud.control", "prefix:+333", 0)
    assert first["value"]["evidence"]["offsets"][0] == "day.jsonl:1"
    page = (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Backtest of day.jsonl</h1>" in page
    assert "short code 333 (voicemail) was entered as +333" in page
    capsys.readouterr()


def test_every_verdict_is_a_line_with_its_reason_and_its_words(tmp_path):
    out, log = Output(tmp_path), Log()
    for nth, found in enumerate((leak(), burst(grade="shadow", **SEEN), burst(grade="rejected", why="usual_load"))):
        out.write(Decided(log.put(found), 7 + nth))
    assert out.close(Counter())["findings_rejected"] == 1
    lines = [msgspec.json.decode(line) for line in (tmp_path / "findings.jsonl").read_bytes().splitlines()]
    columns = "incident reason target verdict why after issued_at evidence summary score"
    assert [list(line) for line in lines] == [columns.split()] * 3
    assert [(line["verdict"], line["why"], line["after"], line["score"]) for line in lines] == [
        ("block", "free_where_paid_before", 7, 1.0),
        ("limit", "forest_agrees", 8, 0.83),
        ("rejected", "usual_load", 9, None),
    ]
    assert lines[1]["summary"].startswith("Caller +2126…67 tried 412 calls in 5 min; 3 are usual at this hour.")
    assert lines[1]["evidence"]["windows"][1]["normal"] == 3.0


def test_bad_lines_are_counted_by_reason_and_the_rest_is_processed(tmp_path):
    good = openers(4)
    bad = [b"{", b'{"event":"attempt"}', free("+33x", 1, NOON), b""]
    test = taught()
    mixed = list(itertools.chain.from_iterable(zip(good, bad, strict=True)))
    decided = list(feed(test, mixed))
    assert calls.keys(c for _, c in orders(decided)) == [("block", "prefix:+333")]
    rejected = {name: count for name, count in test.counts.items() if name.startswith("rejected_")}
    assert sum(rejected.values()) == 3
    assert len(rejected) == 3
    assert test.counts["lines"] == 8
    out = Output(tmp_path)
    for one in decided:
        out.write(one)
    assert out.close(test.counts)["commands_block"] == 1


def test_a_missing_file_is_the_users_fault(tmp_path, capsys):
    assert backtest(tmp_path, "out", tmp_path / "absent.jsonl") == 2
    assert "absent.jsonl" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"absent\.jsonl: cannot read it"):
        list(batches(tmp_path / "absent.jsonl"))
