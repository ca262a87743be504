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


def test_a_recorded_file_comes_back_refused(network, tmp_path, capsys):
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(event(number) for number in range(40)) + b"\n")
    assert run(network, str(tmp_path / "events.jsonl"), "--output", str(tmp_path / "out"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["attempts"] == 40
    assert told["calls_refused"] > 10


def test_what_is_neither_scenario_nor_file_is_named(network, capsys):
    assert run(network, "nothing") == 2
    assert "neither a scenario" in capsys.readouterr().err
