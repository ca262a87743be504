"""The whole rule, end to end in one process: what is blocked, what never is, and what must not matter."""

import itertools
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import calls
from support.calls import MINUTE, NOON, SECOND, VOICEMAIL, charged, event, feed, free, number, orders, paid, taught

from models.tables import FreePrefix, ShortCode, Tables, TariffRow
from streams.__main__ import main
from streams.backtest import Backtest, Output, batches
from streams.errors import UsageError

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NO_TABLES = Tables()


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


# --- nothing may happen


def spread(count=20, prefix="+333", **changes):
    return [free(number(prefix, n), n, NOON + n * SECOND, **changes) for n in range(count)]


LOOK_ALIKES = {
    "calls to the short code itself": [free("333", n, NOON + n * SECOND, called_type="short") for n in range(20)],
    "paid calls to +331": [paid(number("+331", n), n, NOON + n * SECOND) for n in range(20)],
    "calls paid by a bundle": spread(rating_status="allowance"),
    "calls whose rating failed": spread(rating_status="failed"),
    "calls that were not rated": spread(rate=...),
    "calls with a negative rate": spread(rate="-1"),
    "calls with a price to set up": spread(setup_fee="1"),
    "roaming legs": spread(direction="roaming"),
    "forwarded legs": spread(direction="forwarded"),
    "test calls": spread(test=True),
    "attempts that we refused": spread(refused_by="6f1c"),
    "calls that were dialled elsewhere": spread(dialled="0034612345678"),
    "one payer who redials": [free(number("+333", n), 1, NOON + n * SECOND) for n in range(50)],
    "spoofed callers of one account": [free(number("+333", n), n, NOON + n * 100, account="acc-1") for n in range(200)],
    "spoofed callers of one incoming trunk": [
        free(number("+333", n), n, NOON + n * 100, account=..., trunk_in="GW", attestation="C") for n in range(200)
    ],
    "freephone": [free(number("+800", n, 11), n, NOON + n * SECOND) for n in range(20)],
    "one payer among withheld callers": [*spread(5, account=..., caller="anonymous"), free("+33387654321", 9, NOON)],
    "withheld callers": spread(account=..., caller="anonymous"),
    "numbers at home": [free(number("+2126", n, 12), n, NOON + n * SECOND) for n in range(20)],
}


@pytest.mark.parametrize("lines", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_honest_look_alikes_get_no_command(lines):
    assert calls.given(taught(), lines) == []


def test_a_prefix_that_is_declared_free_gets_no_command():
    tables = Tables(VOICEMAIL.short_codes, (FreePrefix("+333", "gift"),))
    assert calls.given(taught(tables=tables), spread()) == []


def test_a_prefix_where_a_tenth_of_the_calls_was_free_gets_no_command():
    test = Backtest(calls.settings(), NO_TABLES)
    week = []
    for nth in range(1_400):
        ts = NOON - 7 * 86_400_000 + nth * 430 * SECOND
        make = free if nth * 7 % 10 == 0 else paid
        week.append(make(number("+33", nth // 10 + nth), nth, ts))
    list(test.feed("week:", 1, week, teach=True))
    assert calls.given(test, spread(prefix="+333")) == []


def test_free_set_ups_of_a_switch_that_charges_at_release_get_no_command():
    test = Backtest(calls.settings(), VOICEMAIL)
    habit = []
    for nth in range(400):
        called, ts = number("+33", nth), calls.MORNING + nth * 4 * SECOND
        habit += [free(called, 10_000 + nth, ts), charged(called, 10_000 + nth, ts)]
    list(test.feed("morning:", 1, habit, teach=True))
    ordinary = [free(number("+333", n), n, NOON + n * SECOND) for n in range(20)]
    ends = [charged(number("+333", n), n, NOON + n * SECOND) for n in range(20)]
    assert calls.given(test, [*ordinary, *ends]) == []


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


def test_a_tariff_row_stands_in_for_history():
    tables = Tables(tariff=(TariffRow("+33", "3.5", "MAD", "France"),))
    given_commands = calls.given(Backtest(calls.settings(), tables), openers(4))
    assert ("block", "prefix:+333") in calls.keys(given_commands)
    assert given_commands[-1].evidence["expected_rate"] == "3.50"


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


# --- what must not matter


@st.composite
def days(draw, payers=12):
    """Lines of a lively hour: free and paid calls of few payers to few places, ends with charges, and time between."""
    ts, lines = NOON, []
    for nth in range(draw(st.integers(3, 40))):
        ts += draw(st.sampled_from([1, 300, SECOND, 20 * SECOND, 3 * MINUTE]))
        payer, place = (
            draw(st.integers(0, payers - 1)),
            draw(st.sampled_from(["+3331", "+3332", "+3333", "+334", "+34"])),
        )
        called = number(place, draw(st.integers(0, 9)))
        where = {"switch": draw(st.sampled_from(calls.SWITCHES)), "plan": draw(st.sampled_from(calls.PLANS))}
        where["call_id"] = f"d{nth}"
        kind = draw(st.sampled_from(["free", "free", "free", "paid", "charged", "answer"]))
        if kind == "charged":
            lines += [free(called, payer, ts, **where), charged(called, payer, ts, **where)]
        elif kind == "answer":
            lines.append(event("answer", f"d{nth}", ts, called, payer))
        else:
            lines.append((free if kind == "free" else paid)(called, payer, ts, **where))
    return lines


@quick
@given(days(), st.data())
def test_any_cut_into_batches_gives_the_same_bytes(lines, data):
    cuts = data.draw(st.sets(st.integers(0, len(lines))))
    whole = calls.spelled(feed(taught(), lines))
    assert calls.spelled(feed(taught(), lines, cuts)) == whole
    assert calls.spelled(feed(taught(), lines, range(len(lines)))) == whole


@quick
@given(days())
def test_a_file_cut_right_after_a_command_still_gives_it(lines):
    whole = orders(feed(taught(), lines))
    for after in {after for after, _ in whole}:
        cut = orders(feed(taught(), lines[:after]))
        assert cut == [one for one in whole if one[0] <= after]


@quick
@given(days(payers=1))
def test_calls_of_one_payer_never_give_a_command(lines):
    assert calls.given(taught(), lines) == []


@quick
@given(days(), st.randoms(use_true_random=False))
def test_copies_change_nothing(lines, rng: random.Random):
    copied = list(itertools.chain.from_iterable([line] * (1 + (rng.random() < 0.3)) for line in lines))
    assert calls.essence(feed(taught(), copied)) == calls.essence(feed(taught(), lines))


@quick
@given(days(), st.data())
def test_a_decider_restored_at_any_line_goes_on_as_if_never_stopped(lines, data):
    stop = data.draw(st.integers(0, len(lines)))
    test = taught()
    told = calls.spelled(test.feed("day:", 1, lines[:stop]))
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(test._decider.snapshot()))
    test._decider = taught()._decider
    test._decider.load(state)
    told += calls.spelled(test.feed("day:", stop + 1, lines[stop:]))
    assert told == calls.spelled(feed(taught(), lines))


def covers(wide, narrow) -> bool:
    """Whether every call under one target is under another."""
    inside = narrow.value.startswith(wide.value) if wide.scope == "prefix" else narrow.value == wide.value
    return inside and all(getattr(wide, q) in (None, getattr(narrow, q)) for q in ("switch", "trunk", "plan"))


def blocked(lines, test=None):
    return [c.target for c in calls.given(test or taught(), lines) if c.action == "block"]


def run_of(data, count: int) -> list[bytes]:
    places = st.sampled_from(["+33311", "+33312", "+3332", "+3335", "+334"])
    return [
        free(
            number(data.draw(places), data.draw(st.integers(0, 9))),
            data.draw(st.integers(0, 5)),
            NOON + nth * SECOND,
            switch=data.draw(st.sampled_from(calls.SWITCHES)),
        )
        for nth in range(count)
    ]


@quick
@given(st.data())
def test_some_of_the_free_calls_never_give_a_wider_block_than_all(data):
    lines = run_of(data, 10)
    some = [line for line in lines if data.draw(st.booleans())]
    whole = blocked(lines)
    assert all(any(covers(wide, target) for wide in whole) for target in blocked(some))


@quick
@given(st.data())
def test_paid_calls_after_the_first_free_one_never_create_or_widen_a_block(data):
    lines = run_of(data, 10)
    answers = []
    for nth in range(1, 10):
        answers.append(lines[nth - 1])
        if data.draw(st.booleans()):
            called = number(data.draw(st.sampled_from(["+3331", "+3332", "+3335"])), data.draw(st.integers(0, 9)))
            answers.append(paid(called, 60 + nth, NOON + nth * SECOND - 1))
    whole = blocked(lines[:9])
    assert all(any(covers(wide, target) for wide in whole) for target in blocked(answers))


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
    for name in ("commands.jsonl", "findings.jsonl", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    first = msgspec.json.decode((tmp_path / "one" / "commands.jsonl").read_bytes().splitlines()[0])
    assert list(first) == ["topic", "key", "value", "after"]
    assert (first["topic"], first["key"], first["value"]["epoch"]) == ("fraud.control", "prefix:+333", 0)
    assert first["value"]["evidence"]["offsets"][0] == "day.jsonl:1"
    capsys.readouterr()


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
