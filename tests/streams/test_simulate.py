"""The closed loop: the leak is blocked before the fourth payer, nobody else is refused, and the block ends."""

import json

import pytest

from streams.__main__ import main
from tests.owned import event


@pytest.fixture
def network(tmp_path):
    (tmp_path / "short.csv").write_text("code,name\n333,voicemail\n177,police\n")
    config = tmp_path / "ringfence.toml"
    config.write_text('[network]\nhome_country_code = "212"\nshort_codes = "short.csv"\n')
    return config


def run(network, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments, "--config", str(network)])
    return ended.value.code


def test_the_founding_incident_begins_and_ends(network, tmp_path, capsys):
    assert run(network, "founding", "--output", str(tmp_path / "out"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["payers_through"] <= 3 + told["commands_limit"] * 5  # before the block, and what half-open lets through
    assert told["calls_refused"] > 0
    assert told["honest_refused"] == 0
    commands = [json.loads(line) for line in (tmp_path / "out" / "commands.jsonl").read_text().splitlines()]
    assert next(c["key"] for c in commands if c["value"]["action"] == "block") == "prefix:+333"
    assert told["free_calls_before_the_proof"] + told["free_calls_after_the_proof"] == told["free_calls_through"]
    assert told["free_calls_after_the_proof"] == told["trickle_free_calls"]
    assert told["rearmed"] == told["commands_block"] - 1
    assert (told["flapping_cycles"], told["calls_under_a_limit"]) == (0, 0)
    assert told["seconds_to_block"] < 5
    # within 15 minutes of the second payer's paid call (issue 6, acceptance 1)
    assert told["seconds_from_second_payer_to_release"] < 900
    assert told["seconds_from_mend_to_release"] < 900
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Honest refusals" in page


def test_a_recorded_file_comes_back_refused(network, tmp_path, capsys):
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(event(number) for number in range(40)) + b"\n")
    assert run(network, str(tmp_path / "events.jsonl"), "--output", str(tmp_path / "out"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["attempts"] == 40
    assert told["calls_refused"] > 10
    assert told["refused_free"] == told["calls_refused"]
    assert told["refused_paid"] == told["refused_without_a_price"] == 0
    assert told["free_calls_before_the_proof"] == 20 - told["calls_refused"]  # the first 20 calls were paid


def test_a_table_for_a_person_says_what_each_measure_is(network, tmp_path, capsys):
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(event(number) for number in range(8)) + b"\n")
    assert run(network, str(tmp_path / "events.jsonl"), "--output", str(tmp_path / "out")) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Loss: after the proving call 0 free calls that got through later" in shown


def test_what_is_neither_scenario_nor_file_is_named(network, capsys):
    assert run(network, "nothing") == 2
    assert "neither a scenario" in capsys.readouterr().err
