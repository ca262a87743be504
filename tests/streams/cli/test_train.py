"""`train` and `model`: what is trained is shown and verified, and what cannot be is said in one line."""

import json

import pytest

from streams.__main__ import main
from streams.model_files import MANIFEST, load
from tests.support.recordings import lines

COUNTRY = "RINGFENCE_NETWORK__HOME_COUNTRY_CODE"


@pytest.fixture
def ringfence(monkeypatch, tmp_path, capsys):
    """Run a verb; gives its exit status, what it printed and what it complained about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(COUNTRY, "212")
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines(callers=6)))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return (ended.value.code or 0, *capsys.readouterr())

    return run


TRAIN = ("train", "events.jsonl", "--output", "m", "--trees", "10", "--budget", "100")


def test_what_was_trained_is_a_table_and_is_verified(ringfence, tmp_path):
    status, out, err = ringfence(*TRAIN)
    assert (status, err) == (0, "")
    header, *rows, missing, name = out.splitlines()
    assert header.split()[:3] == ["kind", "rows", "keys"]
    assert [row.split()[0] for row in rows] == ["route", "caller"]
    assert missing == "called: no model, 0 rows of busy keys, at least 100 are needed"
    assert name == f"{load(tmp_path / 'm').name} in m/{MANIFEST}"
    status, out, _ = ringfence("model", "verify", "m")
    assert (status, out) == (0, f"{load(tmp_path / 'm').name} is good: route, caller\n")


def test_the_same_events_and_seed_give_the_same_bytes(ringfence, tmp_path):
    for output in ("m", "again"):
        ringfence(*TRAIN[:2], "--output", output, "--trees", "5", "--seed", "7")
    files = [sorted((path.name, path.read_bytes()) for path in (tmp_path / one).iterdir()) for one in ("m", "again")]
    assert files[0] == files[1]


def test_show_has_the_thresholds_of_other_budgets(ringfence):
    ringfence(*TRAIN)
    status, out, _ = ringfence("model", "show", "m")
    assert status == 0
    assert "seed 1" in out
    assert out.count("(too few keys and days)") > 5
    _, out, _ = ringfence("model", "show", f"m/{MANIFEST}", "--json")
    told = json.loads(out)
    assert [one["kind"] for one in told["models"]] == ["route", "caller"]
    assert told["models"][0]["chosen"]["budget"] == 100


def test_a_script_gets_json(ringfence):
    _, out, _ = ringfence(*TRAIN, "--json")
    told = json.loads(out)
    assert [one["kind"] for one in told["models"]] == ["route", "caller"]
    assert set(told["missing"]) == {"called"}


def test_what_was_left_out_is_said(ringfence, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{\n" + path.read_bytes())
    _, out, _ = ringfence(*TRAIN)
    assert "\n1 events rejected not json\n" in out
    _, out, _ = ringfence(*TRAIN, "--json")
    told = json.loads(out)
    assert told["events"]["rejected_not_json"] == 1
    assert told["refused"] == {"route": {}, "caller": {}, "called": {}}


def test_too_little_to_learn_from_is_an_answer(ringfence, tmp_path):
    (tmp_path / "few.jsonl").write_bytes(lines(callers=1)[0])
    status, _, err = ringfence("train", "few.jsonl", "--output", "m")
    assert status == 1
    assert err.startswith("ringfence: too little to learn from: route: 0 rows of busy keys")
    assert not (tmp_path / "m").exists()


def test_a_model_that_was_tampered_with_is_refused_in_one_line(ringfence, tmp_path):
    ringfence(*TRAIN)
    arrays = next((tmp_path / "m").glob("*.npz"))
    arrays.write_bytes(arrays.read_bytes()[:-1] + b"?")
    for verb in ("verify", "show"):
        status, out, err = ringfence("model", verb, "m")
        assert (status, out) == (1, "")
        assert err.startswith("ringfence: m is refused: arrays: sha256")
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train",), "name files of events, or --topic, and not both"),
        (("train", "gone.jsonl"), "gone.jsonl: no such file"),
        (("model", "verify", "gone"), "gone: cannot read it"),
    ],
)
def test_wrong_usage(ringfence, arguments, said):
    status, _, err = ringfence(*arguments)
    assert status == 2
    assert said in err
