"""`ringfence learn`: the files that it writes, what it prints, and what it refuses."""

import json

import pytest
from support.histories import gift, usual

import streams.recorded
from models.tables import parse_free_prefixes
from streams.__main__ import main
from streams.errors import UsageError

FILES = ["proposed_bundles.csv", "proposed_end_priced_switches.csv", "proposed_free_prefixes.csv"]
FILES += ["proposed_test_accounts.csv", "report.md"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A directory with a configuration and two recorded files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringfence.toml").write_text('[network]\nhome_country_code = "212"\n')
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(usual() + usual("+44")) + b"\n")
    (tmp_path / "b.jsonl").write_bytes(b"[" + b",".join(gift("+216")) + b"]\n\n" + b"\n".join(gift("+4475")))
    return tmp_path


def learn(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["learn", *arguments])
    return ended.value.code


def written(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_files_of_a_history_lead_to_proposals_and_the_terminal_says_how_to_accept(home, capsys):
    assert learn("a.jsonl", "b.jsonl", "--output", "out") == 0
    assert list(written(home / "out")) == FILES
    rows = parse_free_prefixes((home / "out" / FILES[2]).read_bytes(), FILES[2])
    assert [row.prefix for row in rows] == ["+216"]
    shown = capsys.readouterr().out
    for words in ("Free prefixes: 2", "LEAK OR GIFT?", "Plans with bundles: none", "Nothing is in force."):
        assert words in shown


def test_the_same_files_in_another_order_give_the_same_bytes(home):
    assert learn("a.jsonl", "b.jsonl", "--output", "one") == learn("b.jsonl", "a.jsonl", "--output", "two") == 0
    assert written(home / "one") == written(home / "two")


def test_a_topic_is_read_in_the_place_of_files(home, capsys, monkeypatch):
    monkeypatch.setattr(streams.recorded, "of_topic", lambda _: streams.recorded.of_file(home / "b.jsonl"))
    assert learn("--topic", "--output", "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["events"] == 120


def test_json_is_one_object(home, capsys):
    assert learn("a.jsonl", "b.jsonl", "--output", "out", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["prefix"] for one in told["free_prefixes"]] == ["+216", "+4475"]
    assert told["events"] == 1320


def test_an_accepted_file_is_loaded_and_not_proposed_again(home, capsys):
    assert learn("a.jsonl", "b.jsonl", "--output", "out") == 0
    with (home / "ringfence.toml").open("a") as config:
        config.write('free_prefixes = "out/proposed_free_prefixes.csv"\n')
    capsys.readouterr()
    assert learn("a.jsonl", "b.jsonl", "--output", "again", "--json") == 0
    assert [one["prefix"] for one in json.loads(capsys.readouterr().out)["free_prefixes"]] == ["+4475"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "out"], "name files of events, or --topic"),
        (["a.jsonl", "--topic", "--output", "out"], "and not both"),
        (["none.jsonl", "--output", "out"], "none.jsonl: no such file"),
        (["a.jsonl", "--output", "a.jsonl"], "a.jsonl: cannot write there"),
    ],
)
def test_wrong_usage_is_one_line(home, capsys, arguments, words):
    assert learn(*arguments) == UsageError.exit_status
    assert words in capsys.readouterr().err
